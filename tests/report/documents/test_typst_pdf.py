"""PDFs by Typst, read back by pypdf: text, headings, pages, hostile names."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pypdf
import pytest

from terr.errors import InputError
from terr.report.documents.typst_pdf import FONTS, TEMPLATES, chart_svg, clean, compile_pdf, plain, svg_png

MADE = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOSTILE = (
    '#eval("1+1") #read("/etc/passwd") #panic("x")',
    "$ integral $ *bold* _it_ @ref <label> = Heading",
    "] } ) \\ // /* `raw`",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example")',
    '#import "@preview/cetz:0.1.0"',
)
HEAD = {"title": "Plan report", "source": "accounts.csv, 10 accounts", "date": "Nov 30, 2026"}


def read(data: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(data))


def text_of(data: bytes) -> str:
    return " ".join(" ".join(p.extract_text() for p in read(data).pages).split())


def part(**more: Any) -> dict[str, Any]:
    return {**HEAD, "parts": [{"title": "Summary", **more}]}


def test_text_can_be_selected_and_title_and_headings_are_set():
    made = compile_pdf("plain", part(sentences=["Three territories are within ±5%."]), MADE)
    book = read(made)
    assert book.metadata.title == "Plan report"
    assert [o.title for o in book.outline] == ["Summary"]
    assert book.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert book.trailer["/Root"]["/Lang"] == "en-US"
    assert "Three territories are within ±5%." in text_of(made)
    assert "accounts.csv, 10 accounts" in text_of(made)
    assert "Nov 30, 2026 Page 1 of 1" in text_of(made)
    assert compile_pdf("plain", part(sentences=["Three territories are within ±5%."]), MADE) == made


def test_every_page_has_number_source_and_date_and_a_table_repeats_its_head():
    rows = [[f"Territory {i}", f"{i:,}"] for i in range(150)]
    columns = [{"title": "Territory", "width": 1}, {"title": "Accounts", "align": "right"}]
    book = read(compile_pdf("plain", part(table={"columns": columns, "rows": rows, "total": ["All", "11,175"]}), MADE))
    assert len(book.pages) > 2
    for n, page in enumerate(book.pages, 1):
        said = page.extract_text()
        assert f"Page {n} of {len(book.pages)}" in said
        assert "accounts.csv" in said
        assert "Accounts" in said
    assert "11,175" in book.pages[-1].extract_text()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_letters_not_markup(name):
    made = compile_pdf(
        "plain", part(title=name, sentences=[name], table={"columns": [{"title": name}], "rows": [[name]]})
    )
    wanted = re.sub(r"\s", "", name)
    assert re.sub(r"\s", "", text_of(made)).count(wanted) >= 3
    assert not any(a.get_object().get("/A") for p in read(made).pages for a in p.get("/Annots", []))


def test_no_template_runs_texts():
    for template in TEMPLATES.glob("*.typ"):
        assert not re.search(r"\beval\(|@preview|\bplugin\(", template.read_text()), template


def test_the_fonts_are_the_projects():
    made = compile_pdf("plain", part(sentences=["Łódź, Ελλάδα, Київ"]))
    names = {
        f["/BaseFont"] for p in read(made).pages for f in (r.get_object() for r in p["/Resources"]["/Font"].values())
    }
    assert names
    assert all("SourceSansPro" in n for n in names)
    assert (FONTS / "LICENSE.txt").is_file()


def test_what_json_lacks_is_none_and_control_characters_are_dropped():
    given = {"a": np.float64("nan"), "b": np.int64(3), "c": ("x", float("inf")), "d": "a\x00b\u202ec\ud800"}
    assert json.loads(json.dumps(plain(given))) == {"a": None, "b": 3, "c": ["x", None], "d": "abc"}
    assert clean("é漢🙂") == "é漢🙂"
    with pytest.raises(InputError, match="object"):
        plain({"a": object()})


@pytest.mark.parametrize("name", ["nowhere", "../plain", "Plain", ""])
def test_templates_are_those_of_the_project(name):
    with pytest.raises(InputError, match="no template"):
        compile_pdf(name, HEAD)


def test_charts_are_vectors_whose_names_are_text():
    spec = {
        "data": {"values": [{"t": "<script>&#", "v": 3}, {"t": "B", "v": 2}]},
        "mark": "bar",
        "encoding": {"y": {"field": "t", "type": "nominal"}, "x": {"field": "v", "type": "quantitative"}},
    }
    drawn = chart_svg(spec)
    assert "<script>" not in drawn
    assert "&lt;script" in drawn
    said = text_of(compile_pdf("plain", part(picture=drawn)))
    assert "<script>&#" in said
    assert svg_png(drawn).startswith(b"\x89PNG")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.csv", "https://evil.example/x.json", "file:///etc/passwd"])
def test_a_chart_loads_nothing(url):
    spec = {"data": {"url": url}, "mark": "bar", "encoding": {"x": {"field": "root", "type": "nominal"}}}
    try:
        drawn = chart_svg(spec)
    except InputError:
        return
    assert "mark-rect" in drawn
    assert 'aria-roledescription="bar"' not in drawn
