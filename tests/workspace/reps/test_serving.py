"""Over- and under-served territories of a stored plan, by hand, with and without activities."""

from __future__ import annotations

from datetime import date

import pytest

from terr.errors import InputError
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.model.reps import Rep
from terr.workspace.facts.kept_facts import keep_facts
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps import assignment as people
from terr.workspace.reps.roster import set_reps
from terr.workspace.reps.serving import served_plan
from terr.workspace.reps.team_size import SizeRequest
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start

DAY = date(2026, 12, 1)
REPS = (Rep("a", "Ann", "19901"), Rep("b", "Bob", "19801", 0.5), Rep("c", "Cy", "19947", hours=300.0))
REQUEST = SizeRequest(calls={"A": 10.0, "B": 5.0, "C": 2.0}, minutes={"A": 60.0, "B": 60.0, "C": 60.0})


@pytest.fixture
def plan(ws):
    """Ann in Kent (100), Bob in New Castle (250 and 50), nobody in Sussex (200)."""
    info = start(ws, data=data_set(ws, reps=REPS))
    more(ws, info.id, ["North", "South"])
    for code, county in enumerate((KENT, NEW_CASTLE, SUSSEX)):
        editing.paint(ws, info.id, [county], code)
    people.assign_reps(ws, info.id, ws.rev(info.id), {0: "a", 1: "b"})
    return info


def served(ws, info, request=REQUEST, *, relative=False):
    shown = plan_snapshot(ws, info.id)
    return served_plan(ws, shown, people.people_settings(shown.info), request, DAY, relative=relative)


def test_hours_by_territory_and_tier(ws, plan) -> None:
    """Six accounts: A are the largest two (250, 200), B the next (100), C the rest (50 of them in Delaware)."""
    found = served(ws, plan)
    kent, north, south = found.territories
    assert [t.planned for t in found.territories] == [1200.0, 600.0, 0.0]
    # calls are 5, 10 + 2 and 10 hours, the rest is the road
    for one, calls in ((kent, 5.0), (north, 12.0), (south, 10.0)):
        assert calls <= one.needed < 4 * calls
        assert one.planned_touches == calls
    assert found.needed == pytest.approx(sum(t.needed for t in found.tiers))
    # nobody's territory gives its tier no hours; all else is handed on whole
    assert found.planned == pytest.approx(sum(t.planned for t in found.tiers))
    assert (found.under, found.over) == (1, 2)
    assert (
        found.words[2] == f"Nobody works here, and {south.needed:,.0f} hours are needed: move accounts worth "
        f"{south.needed:,.0f} hours to {kent.key}"
    )
    assert found.words[0] == f"Take accounts worth {south.needed:,.0f} hours from South"
    assert "merge with" in found.words[1]
    assert "Touched" not in found.territory_table()
    assert any("Import activities" in n for n in found.notes)


def test_hours_of_ones_own_and_a_rep_who_has_left(ws, plan) -> None:
    people.assign_reps(ws, plan.id, ws.rev(plan.id), {2: "c"})
    assert [t.planned for t in served(ws, plan).territories] == [1200.0, 600.0, 300.0]
    gone = (REPS[0], people.replace(REPS[1], end=date(2026, 6, 1)), REPS[2])
    set_reps(ws, plan.dataset_id, gone)
    found = served(ws, plan)
    assert [t.planned for t in found.territories] == [1200.0, 0.0, 300.0]
    assert any("no capacity on Dec 1, 2026 in North" in n for n in found.notes)


def test_relative_to_the_team_hours_needed_are_those_there_are(ws, plan) -> None:
    plain, found = served(ws, plan), served(ws, plan, relative=True)
    assert found.needed == pytest.approx(found.planned) == pytest.approx(1800)
    assert sum(t.needed for t in found.tiers) == pytest.approx(1800)
    assert sum(t.planned for t in found.tiers) == pytest.approx(1800)
    for one, other in zip(plain.territories, found.territories, strict=True):
        assert other.needed / 1800 == pytest.approx(one.needed / plain.needed)
        assert (other.planned, other.planned_touches) == (one.planned, one.planned_touches)
    assert any("as many as the reps have together" in n for n in found.notes)


def test_touches_of_the_days_that_activities_go_back(ws, plan) -> None:
    """73 days are a fifth of a year, so a fifth of the calls are due."""
    rows = ["Activity ID,Account ID,Date,Type"]
    rows += ["1,A-2,2026-01-01,Call", "2,A-2,2026-02-01,Visit", "3,A-1,2026-03-14,Call", "4,X-9,2026-03-01,Call"]
    facts = read_facts(read_table("\n".join(rows).encode(), "a.csv"), "activities")
    keep_facts(ws, plan.dataset_id, facts, "a.csv")
    found = served(ws, plan)
    assert [t.touches for t in found.territories] == [1, 2, 0]
    assert [t.planned_touches for t in found.territories] == pytest.approx([1.0, 2.4, 2.0])
    assert [t.touched for t in found.territories] == pytest.approx([1.0, 2 / 2.4, 0.0])
    by_tier = {t.key: t.touched for t in found.tiers}
    assert by_tier == pytest.approx({"A": 2 / 4, "B": 1 / 1, "C": 0.0})
    assert found.territory_table()["Touches made"].tolist() == [1, 2, 0]
    assert any("Jan 1, 2026 to Mar 14, 2026; 1 of them" in n for n in found.notes)


def test_what_cannot_be_is_refused(ws, plan) -> None:
    with pytest.raises(InputError, match="selling hours"):
        served(ws, plan, SizeRequest(selling_hours=0.0))
    with pytest.raises(InputError, match="calls a year"):
        served(ws, plan, SizeRequest(calls={"A": -1.0}))
