"""What is drawn in one go reads a row once, sees its own writes, and the next look sees everybody's."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import event

from benchmarks.workshop.storm import flip, make
from terr.errors import LocateError
from terr.model.person import Person
from terr.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path):
    made = open_store(tmp_path / "terr.db")
    yield made
    made.close()


def asked(store: Store) -> list[str]:
    """Statements sent to the database from now on."""
    out: list[str] = []
    event.listen(store._db.engine, "before_cursor_execute", lambda *a: out.append(str(a[2])))
    return out


def test_a_row_is_read_once_within_one_look(store: Store) -> None:
    sid = make(store)
    said = asked(store)
    with store.steady():
        first = [(store.scenarios.get(sid), store.scenarios.rev(sid), store.changes.latest(sid)) for _ in range(5)]
        with store.steady():  # a part that is drawn within it
            first.append((store.scenarios.get(sid), store.scenarios.rev(sid), store.changes.latest(sid)))
        assert len({repr(x) for x in first}) == 1
        once = len(said)
    said.clear()
    with store.steady():
        store.scenarios.get(sid), store.scenarios.rev(sid), store.changes.latest(sid)
    assert len(said) == once
    said.clear()
    for _ in range(5):
        store.scenarios.get(sid)
    assert len(said) >= 5, "outside of a look every question is asked"


def test_ones_own_writes_are_seen_and_others_at_the_next_look(store: Store) -> None:
    sid = make(store)
    with store.steady():
        rev = store.scenarios.rev(sid)
        flip(store, sid, 0, "me", wait=True)
        assert store.scenarios.rev(sid) == rev + 1
        store.scenarios.rename(sid, "New name", by=Person("", "me"))
        assert store.scenarios.get(sid).name == "New name"
        assert store.scenarios.rev(sid) == rev + 1
        other = threading.Thread(target=flip, args=(store, sid, 1, "Eve"), kwargs={"wait": True})
        other.start()
        other.join(30)
        assert store.scenarios.rev(sid) == rev + 1, "one look sees one state"
        store.scenarios.delete(sid)
        with pytest.raises(LocateError):
            store.scenarios.get(sid)
    store.scenarios.restore(sid)
    assert store.scenarios.rev(sid) == rev + 2
