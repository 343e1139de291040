"""Each document opened in a reader of its own: PDF, PowerPoint, HTML, KML, SVG and PNG, hostile names among them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from html.parser import HTMLParser

import openpyxl
import pyogrio
import pypdf
import pytest
from PIL import Image
from pptx import Presentation
from pptx.util import Inches

from terr.errors import InputError
from terr.report.documents.content import Brand, Column, Table
from terr.report.documents.deck import plan_deck
from terr.report.documents.kml import plan_kml, plan_kmz
from terr.report.documents.map_svg import drawn, map_svg
from terr.report.documents.one_file import plan_page
from terr.report.documents.plan_pdf import plan_pdf
from terr.report.documents.typst_pdf import svg_png
from tests.report.documents.plans import HOSTILE, document

LONG = tuple(f"Territory {i} of the greater metropolitan area of Northern Somewhere {i}" for i in range(60))


def logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "#0B6E75").save(out, "PNG")
    return out.getvalue()


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def pdf_text(data: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def shapes_of(data: bytes):
    deck = Presentation(io.BytesIO(data))
    return deck, [(slide, shape) for slide in deck.slides for shape in slide.shapes]


def slide_texts(data: bytes) -> str:
    out = []
    for _, shape in shapes_of(data)[1]:
        if shape.has_text_frame:
            out.append(shape.text_frame.text)
        if shape.has_table:
            out += [c.text for r in shape.table.rows for c in r.cells]
        if shape.has_chart:
            out += [str(c) for p in shape.chart.plots for c in p.categories]
    return "\n".join(out)


def test_the_report_says_each_section_and_the_pages_totals():
    made = plan_pdf(document(brand=Brand("Acme Inc.", "#AA3300", logo())))
    book = pypdf.PdfReader(io.BytesIO(made))
    assert book.metadata.title == "Plan A"
    assert book.metadata.author == "Acme Inc."
    titles = [o.title for o in book.outline if not isinstance(o, list)]
    assert titles == [s.title for s in document().sections]
    said = pdf_text(made)
    for words in ("North", "$600", "All territories", "Name a file of quotas.", "Data: accounts.csv"):
        assert words in said
    assert plan_pdf(document(brand=Brand("Acme Inc.", "#AA3300", logo()))) == made


def test_the_deck_has_native_charts_tables_and_shapes():
    made = plan_deck(document())
    deck, shapes = shapes_of(made)
    assert [s.shapes.title.text for s in deck.slides] == [
        *("Plan A", "Summary", "Territories on the map", "Balance of Revenue", "Territories", "Who gains"),
        *("Method and limits", "What would complete this"),
    ]
    charts = [s.chart for _, s in shapes if s.has_chart]
    assert [list(c.plots[0].categories) for c in charts] == [["North", "South", "West"]] * 2
    assert list(charts[1].plots[0].series[1].values) == [100.0, 200.0, 300.0]
    table = next(s.table for _, s in shapes if s.has_table)
    assert [c.text for c in table.rows[4].cells] == ["", "All territories", "3", "$600", ""]
    assert {s.name for _, s in shapes if s.shape_type is not None} >= {"North", "South", "West"}  # freeforms
    assert "Quotas: Name a file of quotas." in slide_texts(made)


@pytest.mark.parametrize("names", [("A", "B"), LONG[:14], LONG], ids=["2", "14", "60"])
def test_nothing_of_a_deck_lies_outside_its_slide(names):
    deck, shapes = shapes_of(plan_deck(document(names)))
    assert 8 <= len(deck.slides) <= 12
    for _, shape in shapes:
        assert shape.left >= -9_525
        assert shape.top >= -9_525
        assert shape.left + shape.width <= deck.slide_width + 9_525, shape.name
        assert shape.top + shape.height <= deck.slide_height + 9_525, shape.name


def test_a_companys_template_gives_the_looks():
    own = Presentation()
    own.slide_width, own.slide_height = Inches(10), Inches(7.5)
    own.slides.add_slide(own.slide_layouts[0])
    out = io.BytesIO()
    own.save(out)
    deck, shapes = shapes_of(plan_deck(document(), out.getvalue()))
    assert deck.slide_width == Inches(10)
    assert deck.slides[0].shapes.title.text == "Plan A"
    assert all(s.left + s.width <= deck.slide_width + 9_525 for _, s in shapes)
    for wrong in (b"", b"PK\x03\x04", b"%PDF-1.7"):
        with pytest.raises(InputError, match="template"):
            plan_deck(document(), wrong)


def test_names_are_harmless_everywhere():
    one = document(HOSTILE)
    said = squeezed(pdf_text(plan_pdf(one)))
    assert all(squeezed(name)[:30] in said for name in HOSTILE)
    slides = plan_deck(one)
    assert HOSTILE[1] in slide_texts(slides)
    with zipfile.ZipFile(io.BytesIO(slides)) as parts:
        for name in parts.namelist():
            if name.endswith(".xlsx"):
                book = openpyxl.load_workbook(io.BytesIO(parts.read(name)))
                assert all(c.data_type != "f" and c.hyperlink is None for s in book for r in s.iter_rows() for c in r)
            elif name.endswith((".xml", ".rels")):
                ET.fromstring(parts.read(name))  # noqa: S314
                assert b"evil.example" not in parts.read(name) or b'TargetMode="External"' not in parts.read(name)
    svg = map_svg(one.map)
    assert ET.fromstring(svg) is not None  # noqa: S314
    assert "<script" not in svg


class Page(HTMLParser):
    """What of an HTML file could run or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.loads: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.inside = "script" if tag == "script" and given.get("type") != "application/json" else ""
        self.loads += [v for k, v in attrs if k in ("src", "href", "action", "data", "style") or k.startswith("on")]

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside:
            self.scripts.append(data)


def test_one_file_carries_all_and_loads_nothing():
    made = plan_page(document(HOSTILE)).decode()
    page = Page()
    page.feed(made)
    assert page.loads == []
    assert page.tags.count("script") == 3  # data, Leaflet, ours
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', made)[1]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    for script in page.scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy
    data = json.loads(re.search(r'id="data">(.*?)</script>', made, re.S)[1])
    assert [s["properties"]["name"] for s in data["shapes"]] == list(HOSTILE)
    assert data["accounts"]["values"] == [[100.0, 200.0, 300.0, 400.0]]
    assert "alert(1)</script" not in made
    assert "$1,000" in made


def test_accounts_stay_away_if_they_may_not_be_shown():
    one = document(accounts=False)
    assert b"Customer 1" not in plan_page(one) + plan_kml(one)
    assert b"Customer 1" in plan_page(document())
    assert b"Customer 1" in plan_kml(document())


def test_kml_opens_in_gdal(tmp_path):
    one = document(HOSTILE)
    path = tmp_path / "plan.kml"
    path.write_bytes(plan_kml(one))
    shapes = pyogrio.read_dataframe(path, layer="Territories")
    assert shapes["Name"].tolist() == list(HOSTILE)
    assert shapes.geometry.is_valid.all()
    assert sum(g.area for g in shapes.geometry.tolist()) == pytest.approx(
        sum(s.geometry.area for s in one.map.shapes), rel=1e-6
    )
    points = pyogrio.read_dataframe(path, layer="Accounts")
    assert len(points) == 4
    zipped = zipfile.ZipFile(io.BytesIO(plan_kmz(one)))
    assert zipped.read("doc.kml") == path.read_bytes()


def test_labels_never_overlap_and_stay_on_the_map():
    found = drawn(document(LONG).map)
    boxes = [(s.at, s.label) for s in found.shapes if s.at]
    assert boxes
    picture = Image.open(io.BytesIO(svg_png(map_svg(document(LONG).map))))
    assert picture.size == (round(found.width) * 2, round(found.height) * 2)
    for at, _ in boxes:
        assert 0 <= at[0] <= found.width
        assert 0 <= at[1] <= found.height


def test_tables_that_dont_fit_are_refused():
    with pytest.raises(InputError, match="don't fit"):
        Table((Column("A"),), ((1, 2),), (("1", "2"),))
    with pytest.raises(InputError, match="kind"):
        Column("A", "color")
    with pytest.raises(InputError, match="#RRGGBB"):
        Brand(accent="red")
