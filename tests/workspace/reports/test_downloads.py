"""Files that leave, whose totals are the page's, and the plan file that comes back."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from terr.edits import moves
from terr.errors import ConflictError, InputError, PlanError, StoppedError
from terr.model.progress import Progress
from terr.report.workbook import workbook
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import plan_snapshot, totals
from terr.workspace.reports import downloads
from terr.workspace.reports.downloads import KINDS, export, file_name, import_plan
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start


@pytest.fixture
def sid(ws):
    made = start(ws).id
    more(ws, made, ["=cmd()"])
    editing.paint(ws, made, [NEW_CASTLE], 0)
    editing.paint(ws, made, [SUSSEX], 1)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_made_with_a_safe_name(ws, sid, kind):
    ws.store.scenarios.rename(sid, '../../etc/passwd"; rm -rf ~ X: <b>')
    made = export(ws, sid, kind)
    assert made.data
    assert made.name == f"etc-passwd-rm--rf-x-b-{kind}"
    assert not set(made.name) - set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert made.mime == downloads.mime_of(kind)


def test_an_unknown_kind_is_refused(ws, sid):
    with pytest.raises(InputError, match=r"plan\.csv"):
        export(ws, sid, "secrets.txt")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("FY27 first draft", "fy27-first-draft"),
        ("東京", "plan"),
        ("a" * 200, "a" * 60),
        ("..", "plan"),
        ("A/B\\C", "a-b-c"),
    ],
)
def test_file_names(name, stem):
    assert file_name(name, "plan.csv") == f"{stem}-plan.csv"


def test_mime_types():
    assert [downloads.mime_of(k) for k in KINDS] == [
        downloads.XLSX,
        downloads.CSV,
        downloads.CSV,
        "application/geo+json",
        "application/zip",
        "application/geopackage+sqlite3",
    ]


def test_the_accounts_file_adds_up_to_the_page(ws, sid):
    one = totals(ws, sid)
    text = export(ws, sid, "accounts.csv").data.decode("utf-8-sig")
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert len(frame) == one.accepted.rows == 6
    money = pd.to_numeric(frame["Revenue"])
    assert money.sum() == one.load("accepted", "Revenue") == 700.0
    column = next(c for c in frame.columns if "territory" in c.casefold())
    loads = plan_snapshot(ws, sid).table.set_index("territory")["load"]
    assert money[frame[column] == "Territory 1"].sum() == loads["Territory 1"] == 300.0
    assert money[frame[column] == "'=cmd()"].sum() == loads["=cmd()"] == 200.0
    assert "\n=cmd" not in text
    assert ",=cmd" not in text


def test_the_workbook_adds_up_to_the_page(ws, sid):
    book = CalamineWorkbook.from_filelike(io.BytesIO(export(ws, sid, "accounts.xlsx").data))
    names = book.sheet_names
    assert names == ["Accounts", "Territories", "Totals", "Metrics", "Notes"]
    rows = book.get_sheet_by_name(names[0]).to_python()
    at = rows[0].index("Revenue")
    assert sum(r[at] for r in rows[1:]) == 700.0
    flat = [c for name in names[1:] for row in book.get_sheet_by_name(name).to_python() for c in row]
    for value in (300.0, 200.0, 700.0, 500.0, 100.0, 70.0, 30.0):
        assert value in flat


def test_the_shapes_hold_every_territory_with_units(ws, sid):
    made = json.loads(export(ws, sid, "territories.geojson").data)
    loads = {f["properties"]["territory"]: f["properties"]["load_Revenue"] for f in made["features"]}
    assert {n: v for n, v in loads.items() if n != "Unassigned"} == {"Territory 1": 300.0, "=cmd()": 200.0}


def test_a_plan_file_comes_back_as_the_same_plan(ws, sid):
    data = export(ws, sid, "plan.csv").data
    before, rev = ws.plan(sid)
    assert import_plan(ws, sid, rev, data) == editing.EditOutcome(rev), "the same plan is no edit"
    editing.paint(ws, sid, [KENT, NEW_CASTLE, SUSSEX], 1)
    done = import_plan(ws, sid, rev + 1, data, author="me")
    assert done.rev == rev + 2
    assert ws.plan(sid)[0].same_as(before)
    undo.undo(ws, sid, done.rev)
    assert ws.plan(sid)[0].assign.tolist() == [1, 1, 1]


def test_a_plan_file_goes_into_another_scenario(ws, sid):
    other = start(ws).id
    import_plan(ws, other, 1, export(ws, sid, "plan.csv").data)
    plan, _ = ws.plan(other)
    assert [t.name for t in plan.territories if (plan.assign == t.code).any()] == ["Territory 1", "=cmd()"]
    assert export(ws, other, "plan.csv").data == export(ws, sid, "plan.csv").data


GOOD = "unit_id,territory\n10001,A\n10003,A\n10005,B\n"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", InputError, "empty"),
        ("id,name\n1,2\n", InputError, "unit_id,territory"),
        (GOOD + "99999,B\n", InputError, "99999"),
        (GOOD + "10001,B\n", InputError, "again in row 5"),
        (GOOD.replace("10001", "1001"), InputError, "1001"),
        ("unit_id,territory\n10001,\n10003,\n10005,\n", PlanError, "assigns nothing"),
        (GOOD.replace("B", "x" * 81), InputError, "80"),
        ("unit_id,territory\n10001,A\n10003,a\n10005,B\n", InputError, "spelled"),
        ("\x00\xff", InputError, "plan file"),
    ],
)
def test_a_plan_file_that_does_not_fit_changes_nothing(ws, sid, text, error, words):
    before, rev = ws.plan(sid)
    with pytest.raises(error, match=words):
        import_plan(ws, sid, rev, text.encode("latin-1"))
    assert ws.plan(sid)[1] == rev
    assert ws.plan(sid)[0].same_as(before)


def test_a_plan_file_of_others_is_mended_and_told(ws, sid):
    told = []
    text = "GEOID20,District,Color\n10001,A,red\n10003,B,blue\n"
    done = import_plan(ws, sid, ws.plan(sid)[1], text.encode("utf-16"), filename="dra.csv", tell=told.append)
    assert done.changed
    plan, _ = ws.plan(sid)
    assert (plan.assign >= 0).tolist() == [True, True, False]
    assert any("'GEOID20' was read as the county and 'District' as its territory" in t for t in told)
    assert any("1 of the region's 3 counties aren't in the file" in t for t in told)


def test_a_plan_file_never_overwrites_what_was_not_seen_or_is_locked(ws, sid):
    with pytest.raises(ConflictError, match="another window"):
        import_plan(ws, sid, 1, GOOD.encode())
    rev = ws.store.scenarios.rev(sid)
    rev = editing.edit(ws, sid, rev, lambda p, _: moves.lock_territory(p, 0, True)).rev
    with pytest.raises(PlanError, match="lock"):
        import_plan(ws, sid, rev, GOOD.encode())
    assert ws.store.scenarios.rev(sid) == rev


def test_safe_csv_holds_no_formula_and_begins_with_the_mark_excel_needs():
    data = downloads.safe_csv(pd.DataFrame({"=a": ["=1+1", "ok"], "n": [-5.0, 2.0]}))
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").splitlines() == ["'=a,n", "'=1+1,-5.0", "ok,2.0"]


@pytest.mark.parametrize("kind", ["accounts.xlsx", "accounts.csv", "territories.geojson"])
def test_a_file_that_takes_long_is_stopped_between_two_rows(ws, sid, kind):
    seen = []
    progress = Progress(lambda told: seen.append(told.stage), lambda: len(seen) >= 1)
    with pytest.raises(StoppedError):
        export(ws, sid, kind, progress)
    assert seen == ["Placing the accounts"]


def test_progress_changes_nothing_in_the_file(ws, sid):
    told = []
    assert export(ws, sid, "accounts.csv", Progress(told.append)).data == export(ws, sid, "accounts.csv").data
    assert [t.fraction for t in told] == sorted(t.fraction for t in told)


def test_long_tables_are_whole_over_the_parts_they_are_written_in():
    table = pd.DataFrame({"name": [f"A {i}" for i in range(4_500)], "n": range(4_500)})
    book = CalamineWorkbook.from_filelike(io.BytesIO(workbook({"One": table, "Two": table.head(3)})))
    rows = book.get_sheet_by_name("One").to_python()
    assert rows[0] == ["name", "n"]
    assert rows[-1] == ["A 4499", 4499]
    assert len(rows) == 4_501
    assert len(book.get_sheet_by_name("Two").to_python()) == 4
