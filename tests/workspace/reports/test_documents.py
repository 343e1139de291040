"""Documents of an open plan: what they say is what the page says, counted by hand on three counties."""

from __future__ import annotations

import io
import re

import openpyxl
import pypdf
import pytest
from PIL import Image
from pptx import Presentation

from terr.errors import InputError, RoleError, StoppedError
from terr.model.progress import Progress
from terr.model.reps import Rep
from terr.report.documents.content import Brand
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot, totals
from terr.workspace.reports import brand
from terr.workspace.reports.documents import KINDS, DocumentChoice, make_document
from terr.workspace.reports.gather import gather
from terr.workspace.reports.open_plan import open_plan
from tests.helpers.following import followed
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start

REPS = (Rep("R1", "Ann Lee"), Rep("R2", "=cmd()"))


@pytest.fixture
def sid(ws):
    """North has New Castle (300), South Sussex (200); Kent (100) is free; 70 lie outside, 30 nowhere."""
    made = start(ws, reps=REPS).id
    more(ws, made, ["=South()"])
    editing.paint(ws, made, [NEW_CASTLE], 0)
    editing.paint(ws, made, [SUSSEX], 1)
    return made


def test_the_summary_counts_what_the_page_counts(ws, sid):
    said = gather(open_plan(ws, sid)).section("summary")
    assert said.sentences[0] == "2 territories cover 2 of 3 counties and 3 accounts with $500 of Revenue."
    assert said.sentences[1] == (
        "1 of 2 territories are within ±5% of target; =South() is furthest, 33.3% under target."
    )
    assert "1 county with $100 belongs to no territory." in said.sentences
    assert said.sentences[-1] == "Not counted: 1 account outside the region and 1 that couldn't be located."
    assert [(f.label, f.value) for f in said.figures] == [
        ("Territories", "2"),
        ("Accounts", "3"),
        ("Revenue", "$500"),
        ("Max deviation", "33.3%"),
    ]


def test_the_table_is_the_pages(ws, sid):
    table = gather(open_plan(ws, sid)).section("territories").table
    shown = plan_snapshot(ws, sid).table.set_index("territory")
    titles = [c.title for c in table.columns]
    for row in table.rows:
        one = shown.loc[row[titles.index("Territory")]]
        assert row[titles.index("Revenue")] == one["load"]
        assert row[titles.index("Deviation")] == pytest.approx(one["deviation"])
        assert row[titles.index("Accounts")] == one["accounts"]
    assert table.total[titles.index("Revenue")] == 500.0


def test_what_isnt_known_is_left_out_and_the_file_is_named(ws, sid):
    one = gather(open_plan(ws, sid))
    for key, words in (
        ("disruption", "Name today's plan"),
        ("quotas", "file of quotas"),
        ("performance", "orders"),
        ("best", "proof"),
    ):
        section = one.section(key)
        assert section.table is None
        assert words in " ".join(section.missing)
    assert one.section("gains") is None


def test_changes_add_up_to_what_moved(ws, sid):
    plan, _ = ws.plan(sid)
    inputs = open_plan(ws, sid)
    from dataclasses import replace

    before = plan.assign.copy()
    before[KENT], before[SUSSEX] = 0, 7  # Kent was the first's, Sussex a territory's that is gone
    context = replace(inputs.context, before=before)
    one = gather(replace(inputs, context=context, baseline="last year", before_names={7: "Gone"}))
    rows = one.section("disruption").table.rows
    assert rows == (("Gone", "=South()", 1, 1, 200.0), ("Territory 1", "No territory", 1, 1, 100.0))
    assert one.section("disruption").table.total == ("All moves", None, 2, 2, 300.0)
    assert "2 accounts with $300, 50.0% of Revenue, moved compared with last year." in one.section("summary").sentences
    gains = {r[0]: r for r in one.section("gains").table.rows}
    assert gains["Territory 1"][2:5] == (400.0, 300.0, -100.0)
    assert gains["=South()"][2:] == (0.0, 200.0, 200.0, None, 1, 0)
    assert len(one.section("map").maps) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_made(ws, sid, kind):
    data = make_document(kind, open_plan(ws, sid))
    begins = {"pdf": b"%PDF", "html": b"<!doctype html>", "kml": b"<?xml", "png": b"\x89PNG", "svg": b"<svg"}
    begins |= {"geojson": b"{", "gpkg": b"SQLite format 3"}
    assert data.startswith(begins.get(kind, b"PK"))


def test_a_plan_without_territories_has_documents_too(ws):
    sid = start(ws).id
    for kind in ("pdf", "pptx", "xlsx", "html", "kml"):
        assert make_document(kind, open_plan(ws, sid))


def test_totals_inside_are_the_pages(ws, sid):
    inputs = open_plan(ws, sid)
    said = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(make_document("pdf", inputs))).pages)
    assert re.search(r"All territories\s*2\s*3\s*\$500", said)
    deck = Presentation(io.BytesIO(make_document("pptx", inputs)))
    tables = [s.table for slide in deck.slides for s in slide.shapes if s.has_table]
    assert any("$500" in [c.text for c in row.cells] for t in tables for row in t.rows)
    assert "$500" in make_document("html", inputs).decode()


def test_all_documents_write_numbers_in_the_language_that_was_chosen(ws, sid):
    german = open_plan(ws, sid, "de-DE")
    said = " ".join(
        "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(make_document("pdf", german))).pages).split()
    )
    assert "with 500 $ of Revenue" in said.replace("\xa0", " ")
    assert "33,3 % under target" in said.replace("\xa0", " ")
    assert german.made.strftime("%d.%m.%Y") in said
    deck = Presentation(io.BytesIO(make_document("pptx", german)))
    cells = [
        c.text for slide in deck.slides for s in slide.shapes if s.has_table for row in s.table.rows for c in row.cells
    ]
    assert "500\xa0$" in cells
    assert "−33,3\xa0%" in cells
    page = make_document("html", german).decode()
    assert "500\xa0$" in page
    assert '"numbers":"de-DE"' in page
    book = openpyxl.load_workbook(io.BytesIO(make_document("xlsx", german)))
    sheet = book["Territories"]
    heads = [c.value for c in sheet[1]]
    cell = sheet.cell(2, heads.index("Revenue") + 1)
    assert isinstance(cell.value, int | float)
    assert cell.number_format == '#,##0"\xa0$";-#,##0"\xa0$"'
    # and nothing of it is left behind
    assert "$500" in gather(open_plan(ws, sid)).section("summary").sentences[0]


def test_the_companys_language_is_that_of_its_documents(ws, sid):
    brand.save_brand(ws, "Acme", "#0B6E75", numbers="fr-FR")
    assert open_plan(ws, sid).brand.numbers == "fr-FR"
    assert open_plan(ws, sid, "en-US").brand.numbers == "en-US"
    brand.save_brand(ws, "Acme", "#0B6E75")
    assert brand.brand_of(ws).numbers == "fr-FR"
    with pytest.raises(InputError, match="choose en-US"):
        brand.save_brand(ws, "Acme", "#0B6E75", numbers="xx")
    assert brand.language_text("de-DE") == "Germany: 1.234,5 · 1,25\xa0Mio.\xa0$ · 30.11.2026"


def sums(book, formula: str) -> float:
    """What a formula of the workbook gives, worked out here: SUM, SUMIF, COUNTIF, ROWS and ROUND of a difference."""

    def column(text: str, sheet) -> list:
        name, _, cells = text.rpartition("!")
        return [c.value for row in (book[name] if name else sheet)[cells.replace("$", "")] for c in row]

    sheet = book["Totals"] if "Accounts!" in formula or "ROUND" in formula else book["Territories"]
    if found := re.fullmatch(r"=SUM\(([^()]+)\)", formula):
        return sum(v for v in column(found[1], sheet) if v is not None)
    if found := re.fullmatch(r"=ROWS\(([^()]+)\)", formula):
        return len(column(found[1], sheet))
    if found := re.fullmatch(r'=COUNTIF\(([^,]+),"([^"]+)"\)', formula):
        return column(found[1], sheet).count(found[2])
    found = re.fullmatch(r'=SUMIF\(([^,]+),"([^"]+)",([^()]+)\)', formula)
    pairs = zip(column(found[1], sheet), column(found[3], sheet), strict=True)
    return sum(v for status, v in pairs if status == found[2] and v is not None)


def test_the_workbooks_formulas_come_to_the_pages_totals(ws, sid):
    data = make_document("xlsx", open_plan(ws, sid), DocumentChoice(per_rep=True))
    book, values = (openpyxl.load_workbook(io.BytesIO(data), data_only=flag) for flag in (False, True))
    one = totals(ws, sid)
    wanted = {
        "accepted": one.accepted,
        "assigned": one.assigned,
        "unassigned": one.unassigned,
        "outside the region": one.outside,
        "unlocated": one.unlocated,
    }
    head = [c.value for c in book["Totals"][1]]
    for i, row in enumerate(book["Totals"].iter_rows(min_row=2, max_row=6), start=2):
        part = wanted[row[0].value]
        assert sums(book, row[1].value) == values["Totals"].cell(i, 2).value == part.rows
        money = head.index("Revenue")
        assert sums(book, row[money].value) == values["Totals"].cell(i, money + 1).value == part.loads[0]
    sheet = book["Territories"]
    titles = [c.value for c in sheet[1]]
    last = sheet[sheet.max_row]
    assert sums(book, last[titles.index("Revenue")].value) == 500
    assert sums(book, last[titles.index("accounts")].value) == 3
    assert sheet.freeze_panes == "A2"
    assert '"$"' in sheet.cell(2, titles.index("Revenue") + 1).number_format
    assert sheet.conditional_formatting
    own = [n for n in book.sheetnames if n not in ("Accounts", "Territories", "Totals", "Metrics", "Notes")]
    assert own == ["Territory 1", "_=South()"]


def test_a_sheet_for_each_rep_holds_its_accounts_and_their_sum(ws, sid):
    data = make_document("xlsx", open_plan(ws, sid), DocumentChoice(per_rep=True))
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    sheet = book[next(n for n in book.sheetnames if n.endswith("Territory 1"))]
    head = [c.value for c in sheet[1]]
    ids = [r[head.index("account_id")].value for r in sheet.iter_rows(min_row=2)]
    assert ids == ["A-2", "A-3", "Total"]
    assert sheet.cell(4, head.index("Revenue") + 1).value == 300


def test_it_can_be_stopped(ws, sid):
    progress, told = followed(stop_after=0.2)
    with pytest.raises(StoppedError):
        make_document("pdf", open_plan(ws, sid), progress=progress)
    assert told


def test_an_unknown_kind_is_refused(ws, sid):
    with pytest.raises(InputError, match="pptx"):
        make_document("docx", open_plan(ws, sid), progress=Progress())


def picture(size=(60, 30), kind="PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#0B6E75").save(out, kind)
    return out.getvalue()


def test_the_companys_looks_are_kept(ws, sid):
    assert brand.brand_of(ws) == Brand()
    brand.save_brand(ws, " Acme Inc. ", "#AA3300", picture(kind="JPEG"))
    kept = brand.brand_of(ws)
    assert (kept.company, kept.accent) == ("Acme Inc.", "#AA3300")
    assert kept.logo.startswith(b"\x89PNG")  # drawn anew
    brand.save_brand(ws, "Acme", "#AA3300")
    assert brand.brand_of(ws).logo == kept.logo
    assert open_plan(ws, sid).brand.company == "Acme"
    brand.save_brand(ws, "", "#AA3300", b"")
    assert brand.brand_of(ws).logo == b""


@pytest.mark.parametrize("data", [b"x", b"<svg/>", b"GIF89a", picture((9_000, 1))], ids=["text", "svg", "gif", "wide"])
def test_only_pictures_are_logos(ws, data):
    with pytest.raises(InputError, match="logo"):
        brand.save_brand(ws, "A", "#AA3300", data)
    assert brand.brand_of(ws) == Brand()


def test_damaged_looks_are_terrs_own(ws):
    (ws.root / "brand.json").write_text('{"accent": "javascript:"}')
    assert brand.brand_of(ws) == Brand()


def test_a_template_is_kept_if_it_is_one(ws):
    with pytest.raises(InputError, match="PowerPoint"):
        brand.save_template(ws, b"no")
    out = io.BytesIO()
    Presentation().save(out)
    brand.save_template(ws, out.getvalue())
    assert brand.slide_template(ws) == out.getvalue()
    brand.save_template(ws, b"")
    assert brand.slide_template(ws) is None


def test_only_administrators_change_the_looks_where_people_sign_in(ws):
    ws.sign_in = True
    with pytest.raises(RoleError, match="administrator"):
        brand.save_brand(ws, "A", "#AA3300")
    with pytest.raises(RoleError, match="administrator"):
        brand.save_template(ws, b"")
