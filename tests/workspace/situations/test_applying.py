"""An option becomes a scenario of its own; what is temporary has a way back; letters keep names as text."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from terr.errors import ConflictError, InputError
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace import Workspace
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan import editing, undo
from terr.workspace.plan.named_accounts import overrides_of, register
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import exceptions, history
from terr.workspace.scenarios.change_ledger import ledger
from terr.workspace.scenarios.comparison import PlanPoint, compare
from terr.workspace.situations.answers import options
from terr.workspace.situations.applying import apply_option, bring_back, coverage_of
from terr.workspace.situations.ground import SituationGround, ground_of
from terr.workspace.situations.letters import letters, letters_zip
from terr.workspace.situations.questions import Coverage, RepLeaves, RepsHired
from tests.workspace.situations.places import REPS, new_jersey

ME = Person("", "me")
HOSTILE = "<b>Eve</b> [x](javascript:alert(1)) *!* =1+1"


@pytest.fixture
def ground(ws: Workspace) -> SituationGround:
    return ground_of(ws, new_jersey(ws))


def test_an_option_is_a_scenario_that_one_undo_takes_back(ws: Workspace, ground: SituationGround) -> None:
    asked = RepLeaves(1, ground.today)
    one = options(ground, asked)[0]
    made = apply_option(ws, one, asked, by=ME)
    assert made.info.origin_id == ground.scenario_id
    assert made.info.name.startswith("Bob Ray leaves")
    assert ws.plan(made.info.id)[0].same_as(one.plan)
    assert ws.plan(ground.scenario_id)[0].same_as(ground.plan)
    assert ws.rev(ground.scenario_id) == ground.rev
    assert "Bob Ray leaves" in str(history.history_lines(ws, made.info.id))
    assert plan_snapshot(ws, made.info.id).max_deviation == pytest.approx(one.figures.deviation)
    undo.undo(ws, made.info.id, ws.rev(made.info.id))
    assert ws.plan(made.info.id)[0].same_as(ground.plan)


def test_the_ledger_of_the_scenario_has_the_accounts_of_the_option(ws: Workspace, ground: SituationGround) -> None:
    asked = RepLeaves(1, ground.today)
    one = options(ground, asked)[0]
    made = apply_option(ws, one, asked, by=ME)
    found = ledger(ws, compare(ws, PlanPoint(ground.scenario_id), PlanPoint(made.info.id)))
    same = ["account_id", "from", "to", "from_rep", "to_rep", "Revenue"]
    assert found[same].equals(one.changes[same])
    assert found["reason"].str.contains("Bob Ray leaves").all()


def test_a_plan_that_changed_meanwhile_is_not_overwritten(ws: Workspace, ground: SituationGround) -> None:
    asked = RepLeaves(1, ground.today)
    one = options(ground, asked)[0]
    editing.rename_territory(ws, ground.scenario_id, ground.rev, 0, "Else")
    with pytest.raises(ConflictError, match="changed in another window"):
        apply_option(ws, one, asked, by=ME)
    with pytest.raises(InputError, match="came from files"):
        apply_option(ws, replace(one, ground=replace(ground, scenario_id="")), asked, by=ME)


def test_coverage_is_by_name_until_a_day_and_one_click_restores(ws: Workspace, ground: SituationGround) -> None:
    until = ground.today + timedelta(days=30)
    asked = Coverage(1, ground.today, until)
    one = next(o for o in options(ground, asked) if o.key == "even")
    sid = apply_option(ws, one, asked, by=ME).info.id
    found = coverage_of(ws, sid)
    assert found is not None
    assert (found.rep, found.until, len(found.accounts)) == ("Bob Ray", until, 7)
    shown = plan_snapshot(ws, sid)
    acting = ground_of(ws, sid)
    codes = acting.codes(acting.plan, acting.held)
    assert (codes == one.after_codes).all()
    assert shown.table.set_index("code")["load"][1] == 0
    assert bring_back(ws, sid, by=ME) == "Bob Ray is back: 7 accounts returned."
    assert coverage_of(ws, sid) is None
    again = ground_of(ws, sid)
    assert (again.codes(again.plan, again.held) == ground.codes(ground.plan, ground.held)).all()
    with pytest.raises(InputError, match="nothing is covered for"):
        bring_back(ws, sid, by=ME)


def test_coverage_begins_on_its_first_day_and_what_was_by_name_before_returns(
    ws: Workspace, ground: SituationGround
) -> None:
    """N-2 is Middle's by name; Bob is away from day 10 to 20: nothing moves today, and all returns by itself."""
    sid = ground.scenario_id
    exceptions.enter(ws, sid, ["N-2"], kind="named", territory=1, reason="Old friends", by=ME)
    now = ground_of(ws, sid)
    asked = Coverage(1, now.today + timedelta(days=10), now.today + timedelta(days=20))
    one = next(o for o in options(now, asked) if o.key == "even")
    made = apply_option(ws, one, asked, by=ME)
    assert "covered from" in made.sentence
    info = made.info

    def codes(day: int) -> list[int]:
        held = overrides_of(ws, info, day=now.today + timedelta(days=day))
        return now.codes(ws.plan(info.id)[0], held).tolist()

    before = now.codes(now.plan, now.held).tolist()
    assert [codes(day) == before for day in (0, 9, 21)] == [True] * 3
    assert codes(10) == codes(20) == one.after_codes.tolist()
    states = [x.state for x in register(ws, info, day=asked.day).lines if x.entry.what.account_id == "N-2"]
    assert sorted(states) == ["active", "paused"]
    found = coverage_of(ws, info.id)
    assert found is not None
    assert (found.since, found.until) == (asked.day, asked.until)
    bring_back(ws, info.id, by=ME)
    assert codes(15) == before


def test_accounts_that_were_by_name_before_are_by_name_again(ws: Workspace, ground: SituationGround) -> None:
    """N-2 lies in North and belongs to Middle by name; while Bob is away it goes to another, then back to Middle."""
    sid = ground.scenario_id
    exceptions.enter(ws, sid, ["N-2"], kind="named", territory=1, reason="Old friends", by=ME)
    now = ground_of(ws, sid)
    asked = Coverage(1, now.today, now.today + timedelta(days=9))
    one = options(now, asked)[0]
    assert one.figures.accounts == 8
    copy = apply_option(ws, one, asked, by=ME).info.id
    row = now.accounts.frame["account_id"].tolist().index("N-2")
    away = ground_of(ws, copy)
    assert away.codes(away.plan, away.held)[row] == 0
    bring_back(ws, copy, by=ME)
    back = ground_of(ws, copy)
    assert back.codes(back.plan, back.held)[row] == 1


def test_somebody_new_is_added_to_the_roster(ws: Workspace, ground: SituationGround) -> None:
    asked = RepsHired((Rep("new-1", "Eve Fox", "07740"),), ground.today)
    one = options(ground, asked)[0]
    made = apply_option(ws, one, asked, name="With Eve", by=ME)
    assert made.info.name == "With Eve"
    assert "1 rep added to the roster" in made.sentence
    roster = {r.rep_id: r for r in dataset(ws, made.info.dataset_id).reps}
    assert roster["new-1"].start == ground.today
    shown = plan_snapshot(ws, made.info.id)
    assert dict(shown.rules.shares) == dict(one.rules.shares)
    assert "Eve Fox" in shown.table["rep"].tolist()


def test_letters_say_what_changes_to_whom_and_from_when(ground: SituationGround) -> None:
    one = options(ground, RepLeaves(1, ground.today))[0]
    found = letters(one, "txt")
    assert len(found) == 3
    bob = next(t for n, t in found.items() if "bob" in n)
    ann = next(t for n, t in found.items() if "ann" in n)
    assert "Dear Bob Ray" in bob
    assert "7 accounts with $70 of Revenue:" in bob
    assert "To Ann Poe (" in bob
    assert "From Bob Ray (" in ann
    gained = [line for line in ann.splitlines() if line.startswith("- ")]
    assert len(gained) == next(p.gained for p in one.figures.people if p.name == "Ann Poe")
    with pytest.raises(InputError, match="can't be made as"):
        letters(one, "docx")


def test_names_in_letters_are_text(ws: Workspace) -> None:
    reps = (*REPS[:1], replace(REPS[1], name=HOSTILE), *REPS[2:])
    ground = ground_of(ws, new_jersey(ws, reps=reps))
    one = options(ground, RepLeaves(1, ground.today))[0]
    archive = zipfile.ZipFile(io.BytesIO(letters_zip(one)))
    assert all(n.replace("-", "").replace(".", "").isalnum() for n in archive.namelist())
    text = "\n".join(archive.read(n).decode() for n in archive.namelist())
    assert "<b>" not in text
    assert "](javascript" not in text
    assert letters_zip(one) == letters_zip(one)
    assert np.unique([len(t) for t in letters(one).values()]).min() > 50
