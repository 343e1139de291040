"""Miles unless kilometers are chosen: kept for all of a data folder, an administrator's choice where people sign in."""

from __future__ import annotations

import pytest

from terr.errors import RoleError
from terr.model.person import Person
from terr.workspace.access import distances
from terr.workspace.access.guarded_store import for_person
from terr.workspace.workspace import Workspace


@pytest.fixture
def ws(tmp_path):
    one = Workspace(tmp_path)
    yield one
    one.close()


def test_the_choice_is_kept_in_the_data_folder(ws):
    assert distances.miles(ws.root)
    distances.choose(ws, miles=False)
    assert not distances.miles(ws.root)
    distances.choose(ws, miles=True)
    assert distances.miles(ws.root)


def test_a_file_that_cannot_be_read_as_text_means_miles(ws):
    (ws.root / "distances.txt").write_bytes(b"\xff\xfe kilometers")
    assert distances.miles(ws.root)


def test_where_people_sign_in_only_an_administrator_chooses(ws, monkeypatch):
    monkeypatch.setenv("TERR_ADMINS", "boss@example.com")
    ws.sign_in = True
    ana, boss = (for_person(ws, Person(f"{who}@example.com", who)) for who in ("ana", "boss"))
    assert not distances.may_choose(ana)
    with pytest.raises(RoleError, match="administrator"):
        distances.choose(ana, miles=False)
    assert distances.miles(ws.root)
    distances.choose(boss, miles=False)
    assert not distances.miles(ana.root)
