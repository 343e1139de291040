"""Databases of every earlier format, made by the statements that made them then, opened by this program."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from benchmarks.store.postgres import START, Postgres
from terr.edits import moves
from terr.edits.undo import undo_state
from terr.errors import InputError, StoreError
from terr.model.person import Person
from terr.model.plan import Plan
from terr.store import open_store
from terr.store.codec import edit_to_bytes
from terr.store.migrate import upgrade
from terr.store.schema import VERSION, metadata
from terr.workspace import Workspace
from terr.workspace.plan import undo
from tests.helpers.steps import forth

SCHEMAS = Path(__file__).parent / "schemas"
OLD = [SCHEMAS / "0.1.0.sql", SCHEMAS / "first.sql"]
FORMAT_3 = SCHEMAS / "format_3.sql"
"""A plan of one person, and one of Ann and Bob in which each undid and redid: on the map, and on page Scenarios."""
AT = "2026-11-20T08:00:00+00:00"


def engine(address: str) -> Engine:
    if address.startswith("postgresql"):
        return create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    return create_engine(f"sqlite:///{address}")


def run(address: str, schema: Path) -> None:
    """The statements of then."""
    statements = schema.read_text()
    if address.startswith("postgresql"):
        statements = re.sub(r"X'([0-9A-F]+)'", r"'\\x\1'::bytea", statements.replace("BLOB", "BYTEA"))
    made = engine(address)
    with made.begin() as c:
        for statement in filter(str.strip, statements.split(";\n")):
            c.exec_driver_sql(statement)
    made.dispose()


def make_old(address: str, schema: Path) -> None:
    """Two territories, one unit moved and moved back, in the tables of then."""
    run(address, schema)
    plan, edits = Plan.empty(4, "u"), []
    for code, name in enumerate(("West", "East")):
        edits.append(moves.new_territory(plan, name, next_code=code, author="Ann"))
        plan = moves.apply(plan, edits[-1])
    edits.append(moves.assign(plan, [2], 1, author="Ann", note="why").edit)
    made = engine(address)
    with made.begin() as c:
        c.exec_driver_sql("INSERT INTO meta (schema_version) VALUES (1)")
        given = {"sha": "a" * 64, "at": AT}
        c.execute(text("INSERT INTO datasets VALUES ('d1', 'Q3', :sha, 'q3.csv', '{}', '{}', :at)"), given)
        row = "'s1', 'Base', 'd1', 'county', 'TX', 'u', 4, 'revenue', 0.05, '{}', 2, 4, 2, :at, :at, NULL"
        c.execute(text(f"INSERT INTO scenarios VALUES ({row})"), given)
        for n, edit in enumerate(edits, 1):
            row = "'s1', :n, :parent, :n, :kind, 't', :payload, 'Ann', '', :at"
            some = {"n": n, "parent": n - 1 or None, "kind": edit.kind, "payload": edit_to_bytes(edit), "at": AT}
            c.execute(text(f"INSERT INTO edits VALUES ({row})"), some)
        columns = "scenario_id, rev, head, action, author, at"
        for rev, head, action in ((1, 1, "edit"), (2, 2, "edit"), (3, 3, "edit"), (4, 2, "undo")):
            some = {"r": rev, "h": head, "a": action, "at": AT}
            c.execute(text(f"INSERT INTO heads ({columns}) VALUES ('s1', :r, :h, :a, 'Ann', :at)"), some)
    made.dispose()


def check_opened(address: str) -> None:
    with closing(open_store(address)) as store:
        assert store.notice == ""
        info = store.scenarios.get("s1")
        assert (info.name, info.rev, info.seq, info.archived_at, info.origin_id) == ("Base", 4, 0, None, "")
        plan, rev = store.plans.load("s1")
        assert (plan.assign.tolist(), plan.territory(1).name) == ([-1] * 4, "East")
        assert forth(store, "s1", 3, rev, client=("map", 7)) == 5
        assert store.plans.load("s1")[0].assign.tolist() == [-1, -1, 1, -1]
        assert store.edits.taken("s1", "map") == 7
        assert store.comments.add("s1", "hm", by=Person("", "Ann")).id == 1
        assert store.datasets.all()[0].name == "Q3"


@pytest.mark.parametrize("schema", OLD, ids=lambda p: p.stem)
def test_an_old_database_is_copied_and_brought_forward(address: str, schema: Path, tmp_path: Path) -> None:
    make_old(address, schema)
    store = open_store(address)
    kept = re.search(r"a copy of the old one is kept at (.*)", store.notice)
    store.close()
    if address.startswith("postgresql"):
        assert store.notice == ""  # who runs a server takes its backups; `terr backup` works too
    else:
        assert kept is not None
        assert Path(kept[1]).parent == tmp_path
        with closing(sqlite3.connect(kept[1])) as c:
            assert c.execute("SELECT schema_version FROM meta").fetchall() == [(1,)]
            assert c.execute("SELECT count(*) FROM edits").fetchone() == (3,)
            assert c.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check_opened(address)


def differences(c: Connection) -> list[object]:
    """Between the tables there are and those the program knows."""
    exact = c.dialect.name == "postgresql"  # on SQLite Alembic takes an empty text for no default
    options = {"compare_type": True, "compare_server_default": exact}
    return compare_metadata(MigrationContext.configure(c, opts=options), metadata)


def test_every_way_leads_to_the_same_tables(address: str) -> None:
    made = engine(address)
    with made.begin() as c:
        upgrade(c, 0)
    with made.connect() as c:
        assert differences(c) == []
        assert c.execute(text("SELECT schema_version FROM meta")).scalar() == VERSION
    made.dispose()
    with closing(open_store(address)) as store:
        assert store.scenarios.find() == []


def test_a_history_of_format_3_is_undone_as_before(address: str, tmp_path: Path) -> None:
    run(address, FORMAT_3)
    with closing(Workspace(tmp_path / "data", address)) as ws:
        kept = re.search(r"a copy of the old one is kept at (.*)", ws.notice)
        assert (kept is None) == address.startswith("postgresql")
        story = ws.store.edits.history("two")
        # 8: on the map, the note names no edit; 10: a person typed the note "change 5: as agreed"
        assert {s.id: s.of_edit for s in story.steps if s.of_edit} == {8: 6, 12: 10, 13: 9, 14: 13, 16: 15}
        ann, bob, me = undo_state(story, {"Ann"}), undo_state(story, {"Bob"}), ws.store.edits.history("alone")
        assert [s.edit for s in ann.undo] == [11, 4, 3, 2]
        assert [s.edit for s in bob.undo] == [14, 7, 5, 3, 2]
        assert ([s.edit for s in ann.redo], [s.edit for s in bob.redo]) == ([16], [12])
        assert (bob.undo[0].title, ann.redo[0].title) == ("Locked 1 county", "Moved 1 county to B")
        assert [(s.edit, s.head) for s in undo_state(me, {"me"}).redo] == [(3, 3), (8, None)]

        def plan(scenario_id: str) -> list[int]:
            return ws.plan(scenario_id)[0].assign.tolist()

        assert plan("two") == [0, 1, 1]
        assert undo.redo(ws, "two", 16, author="Bob").changed
        assert plan("two") == [0, 1, 2]
        assert undo.redo(ws, "two", 17, author="Ann").changed
        assert plan("two") == [1, 1, 2]
        for rev, expected in ((10, [1, -1, -1]), (11, [1, -1, 0])):
            assert undo.redo(ws, "alone", rev, author="me").rev == rev + 1
            assert plan("alone") == expected
        assert undo.redo(ws, "alone", 12, author="me").notice == "There is nothing to redo."
        for rev, expected in ((12, [1, -1, -1]), (13, [-1, -1, -1]), (14, [-1, -1, -1])):
            assert undo.undo(ws, "alone", rev, author="me").rev == rev + 1
            assert plan("alone") == expected
        assert undo.undo(ws, "alone", 15, author="me").notice == "There is nothing to undo."


def test_old_tables_become_the_new_ones(tmp_path: Path) -> None:
    for schema in (*OLD, FORMAT_3):
        address = str(tmp_path / f"{schema.stem}.db")
        run(address, schema) if schema == FORMAT_3 else make_old(address, schema)
        open_store(address).close()
        made = engine(address)
        with made.connect() as c:
            assert differences(c) == []
        made.dispose()


def open_once(address: str) -> None:
    open_store(address).close()


def test_several_processes_start_on_an_old_database_at_once(address: str, tmp_path: Path) -> None:
    make_old(address, OLD[0])
    several = [START.Process(target=open_once, args=(address,)) for _ in range(4)]
    for one in several:
        one.start()
    for one in several:
        one.join(60)
    assert [one.exitcode for one in several] == [0] * 4
    copies = [p for p in tmp_path.iterdir() if ".format-1-" in p.name]
    assert len(copies) == (0 if address.startswith("postgresql") else 1)
    check_opened(address)


def test_a_step_that_fails_leaves_everything_as_it_was(address: str) -> None:
    make_old(address, OLD[-1])
    made = engine(address)
    with made.begin() as c:
        c.exec_driver_sql("CREATE TABLE marks (x INTEGER)")  # in the way of a late statement
    before = sorted(inspect(made).get_table_names())
    with pytest.raises(StoreError, match="nothing was changed"):
        open_store(address)
    assert sorted(inspect(made).get_table_names()) == before
    assert "seq" not in {c["name"] for c in inspect(made).get_columns("scenarios")}
    with made.begin() as c:
        assert c.execute(text("SELECT schema_version FROM meta")).scalar() == 1
        c.exec_driver_sql("DROP TABLE marks")
    made.dispose()
    open_store(address).close()
    check_opened(address)


def test_a_newer_or_foreign_postgres_database_is_left_alone(postgres: Postgres) -> None:
    with postgres.database() as address:
        open_store(address).close()
        made = engine(address)
        with made.begin() as c:
            c.exec_driver_sql("UPDATE meta SET schema_version = 99")
        with pytest.raises(InputError, match=rf"newer Terr \(format 99, this one knows {VERSION}\); update Terr"):
            open_store(address)
        made.dispose()
    with postgres.database() as address:
        made = engine(address)
        with made.begin() as c:
            c.exec_driver_sql("CREATE TABLE meta (x INTEGER)")
        with pytest.raises(InputError, match="another program"):
            open_store(address)
        assert inspect(made).get_table_names() == ["meta"]
        made.dispose()


def test_addresses_that_lead_nowhere_say_so_and_tell_no_password(postgres: Postgres) -> None:
    for address, says in (
        ("postgresql://ann:geheim@127.0.0.1:1/terr", "can't be reached"),
        (postgres.url("nosuch"), "no database of this name"),
        (postgres.url("postgres").replace("postgres@", "nobody:geheim@"), "doesn't know this user"),
    ):
        with pytest.raises(StoreError, match=says) as caught:
            open_store(address)
        assert "geheim" not in str(caught.value)
    with pytest.raises(InputError, match="SQLite or PostgreSQL, not in mysql"):
        open_store("mysql://host/name")
