"""Territory plans as files: opened in independent readers, hostile names harmless, a stop leaves nothing."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from icalendar import Calendar
from pypdf import PdfReader

from terr.errors import InputError, StoppedError
from terr.model.progress import Progress
from terr.planbook.cadence import USUAL_CADENCES, Touch
from terr.planbook.content import Action
from terr.planbook.view import CalendarEntry, PlanSection, PlanTable, PlanView
from terr.report.territory_plans.calendar_file import calendar_ics
from terr.report.territory_plans.plan_pdf import territory_pdf
from terr.report.territory_plans.sequences import HUBSPOT, hubspot_tasks, outreach_prospects, outreach_steps
from terr.workspace.territory_plans import files, plans
from tests.workspace.territory_plans.test_plans import ME, PERIOD, made

HOSTILE = (
    "=cmd|'/c calc'!A1",
    '#eval("1+1") $x$ *b* @ref <script>alert(1)</script>',
    "Line\r\nBEGIN:VEVENT\r\nSUMMARY:fake;x,y\\",
    "\u202egnp.exe\x00\x07",
    "Ж" * 300,
    "x" * 900,
)
AT = datetime(2026, 12, 1, 8, tzinfo=UTC)


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def entry(name: str, step: int = 0, channel: str = "Call") -> CalendarEntry:
    touch = Touch("A-1", "A", step, date(2027, 1, 4), date(2027, 1, 4), channel)
    return CalendarEntry(touch, name, name, "kim@x.com", name, name)


@pytest.fixture
def sid(ws):
    return made(ws)


@pytest.fixture
def opened(ws, sid):
    plans.begin(ws, sid, [0, 1], PERIOD, by=ME)
    one = plans.open_plan(ws, sid, 0)
    plans.change(ws, one, replace(one.content, actions=(Action("Call Kim"),)), by=ME)
    return plans.open_plan(ws, sid, 0)


def test_the_pdf_says_what_the_page_says(ws, opened):
    found = files.plan_file(ws, opened, "pdf")
    reader = PdfReader(io.BytesIO(found.data))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert reader.metadata is not None
    assert reader.metadata.title == opened.view.territory
    titles = [str(o["/Title"]) for o in reader.outline if not isinstance(o, list)]
    assert titles == [s.title for s in opened.view.sections]
    for part in opened.view.sections:
        for figure in part.figures:
            assert figure.value in text
        for table in part.tables:
            for row in table.rows:
                assert all(word in text for word in row[0].split())
    assert f"Page 1 of {len(reader.pages)}" in text
    assert found.name.endswith("-ann-plan.pdf")


def test_the_calendar_has_an_event_for_each_touch(ws, opened):
    found = files.plan_file(ws, opened, "ics")
    events = list(Calendar.from_ical(found.data).walk("VEVENT"))
    assert [(e["dtstart"].dt, str(e["summary"]).split(": ")[1]) for e in events] == [
        (e.touch.day, e.account) for e in opened.view.entries
    ]
    assert len({str(e["uid"]) for e in events}) == len(events)
    again = Calendar.from_ical(files.plan_file(ws, opened, "ics").data)
    assert {str(e["uid"]) for e in again.walk("VEVENT")} == {str(e["uid"]) for e in events}  # replaces, not doubles


def test_sequences_for_sales_tools(ws, opened):
    tasks = rows_of(files.plan_file(ws, opened, "hubspot.csv").data)
    assert tuple(tasks[0]) == HUBSPOT
    assert len(tasks) - 1 == len(opened.view.entries)
    first = opened.view.entries[0]
    assert tasks[1][:3] == [f"{first.touch.channel}: {first.account}", "EMAIL", f"{first.touch.day:%m/%d/%Y}"]
    assert tasks[1][5] == "Ann@x.com"
    assert len(rows_of(files.plan_file(ws, opened, "outreach.csv").data)) == 3
    steps = rows_of(outreach_steps(USUAL_CADENCES))
    assert steps[1:4] == [
        ["Terr tier A, 6 weeks", "1", "1", "Monday", "Email", "0"],
        ["Terr tier A, 6 weeks", "2", "1", "Wednesday", "Call", "2"],
        ["Terr tier A, 6 weeks", "3", "2", "Tuesday", "LinkedIn", "6"],
    ]
    with pytest.raises(InputError, match="isn't a file of a territory plan"):
        files.plan_file(ws, opened, "exe")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_in_each_file(name):
    entries = [entry(name), entry(name, 1, "Decision")]
    table = PlanTable(("Account", "Why"), ((name, name),), wide=(1,))
    part = PlanSection("targets", "Target accounts", sentences=(name,), tables=(table,), warnings=(name,))
    view = PlanView(name, name, name, "", "2027", "draft", "", "Dec 1, 2026", (part,), tuple(entries), sources=(name,))
    reader = PdfReader(io.BytesIO(territory_pdf(view, AT)))
    text = "".join(page.extract_text() for page in reader.pages)
    if "eval" in name:
        assert "#eval" in text
        assert "<script>" in text
    ics = calendar_ics(name, name, entries, AT)
    assert all(len(line) <= 75 for line in ics.split(b"\r\n"))
    book = Calendar.from_ical(ics)
    events = list(book.walk("VEVENT"))
    assert len(events) == 2
    assert all("\n" not in str(e["summary"]) for e in events)
    for data in (hubspot_tasks(entries, name), outreach_prospects(entries, USUAL_CADENCES)):
        for row in rows_of(data)[1:]:
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)


def test_all_plans_in_one_zip_and_a_stop_leaves_nothing(ws, sid, opened):
    told: list[str] = []
    found = files.all_files(ws, sid, ("pdf", "ics"), Progress(lambda now: told.append(now.stage), lambda: False))
    names = zipfile.ZipFile(io.BytesIO(found.data)).namelist()
    assert len(names) == len(set(names)) == 4
    assert sum(n.endswith(".pdf") for n in names) == 2
    assert any("(2 of 2)" in stage for stage in told)
    looks = iter([False, False, True] + [True] * 50)
    with pytest.raises(StoppedError):
        files.all_files(ws, sid, ("pdf",), Progress(lambda _: None, lambda: next(looks)))


def test_no_plan_is_begun(ws, sid):
    with pytest.raises(InputError, match="begin them first"):
        files.all_files(ws, sid)


def test_the_map_shows_the_territory_and_its_targets_by_number(ws, sid, opened):
    svg = opened.view.picture
    assert svg.startswith("<svg")
    assert svg.count("<path") == 2 + len(opened.content.targets)  # itself, its neighbor, and a dot for each
    assert ">1</text>" in svg
    plans.begin(ws, sid, [2], PERIOD, by=ME)
    assert plans.open_plan(ws, sid, 2).view.picture == ""  # it has no area
