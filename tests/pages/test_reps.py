"""The Reps and Quotas pages as a person meets them, run without a browser."""

from __future__ import annotations

import pandas as pd
import pytest

from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace.access.guarded_store import for_person
from terr.workspace.facts.kept_facts import keep_facts
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.quotas import files, planning
from terr.workspace.quotas.dividing import QuotaWeights
from terr.workspace.quotas.goal_figures import goal_kpis
from terr.workspace.reps import assignment as people
from terr.workspace.reps import territory_ratings
from terr.workspace.reps.roster import set_reps
from terr.workspace.reps.scorecard import scorecard
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start
from tests.pages.test_pages import HOSTILE, ok, one, press, worked
from tests.workspace.reps.test_evening import uneven

NASTY = HOSTILE[:60].strip()
REPS = (
    Rep("005000000000001", "Ann Poe", "19901", email="ann@x.com", skills=("Tax",), level=3, manager="M"),
    Rep("005000000000002", NASTY, "19801", 0.5, email="bob@x.com", level=1, manager="M", quota=500.0),
    Rep("005000000000003", "Cy Oh", "", manager="M"),
    Rep("M", "Mia Boss", email="mia@x.com", role="manager"),
)


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """Delaware in three territories; Ann has the north though she lives in Kent, and the other way round."""
    info = start(ws, data=data_set(ws, reps=REPS))
    more(ws, info.id, ["North", HOSTILE[:50]])
    for code, county in enumerate((KENT, NEW_CASTLE, SUSSEX)):
        editing.paint(ws, info.id, [county], code)
    people.assign_reps(ws, info.id, ws.rev(info.id), {0: REPS[1].rep_id, 1: REPS[0].rep_id})
    return info.id


def frame(window, column: str):
    """The first table with this column; a table nobody selects in has no key here."""
    return next(d for d in window.dataframe if column in d.value.columns)


def section(window, name: str, page: str = "reps"):
    window.segmented_control(key=f"{page}_section").set_value(name)
    return ok(window.run())


def test_match_all_puts_each_rep_near_home_and_one_undo_brings_it_back(open_app, ws, sid) -> None:
    people.save_people(ws, sid, people.PeopleSettings(people.FitWeights(1, 0, 0, 0)))
    window = section(open_app("reps", scenario=sid), "Who covers what")
    table = frame(window, "Best match").value
    assert table["Best match"].tolist()[:2] == ["Ann Poe", NASTY]
    assert table["Why"].str.contains("mi\\) away|home not known").all()
    ok(press(window, "match_all"))
    reps = [t.rep for t in ws.plan(sid)[0].territories]
    assert reps == [REPS[0].rep_id, REPS[1].rep_id, REPS[2].rep_id]
    assert any("best match" in s.value for s in window.success)
    ok(press(window, "swap"))
    assert [t.rep for t in ws.plan(sid)[0].territories][:2] == [REPS[1].rep_id, REPS[0].rep_id]


@pytest.mark.parametrize("name", ["Roster", "Skills", "How many reps", "Served", "Fairness"])
def test_every_section_of_reps_is_drawn_with_names_as_text(open_app, sid, name) -> None:
    window = section(open_app("reps", scenario=sid), name)
    shown = " ".join([*(m.value for m in window.markdown), *(c.value for c in window.caption)])
    assert "<img" not in shown.replace("\\<img", "")
    assert "nan" not in shown.casefold().split()


def test_shares_over_a_whole_person_are_refused(ws, sid) -> None:
    shown = plan_snapshot(ws, sid)
    table = pd.DataFrame(
        {
            "Territory": ["North", HOSTILE[:50]],
            "Person": ["Cy Oh", "Cy Oh"],
            "Share %": [60.0, 60.0],
            "Start": [None, None],
            "End": [None, None],
        }
    )
    shared = people.shared_from(shown, table)
    settings = people.people_settings(shown.info)
    with pytest.raises(ValueError, match="add up to 120%"):
        people.save_people(ws, sid, people.replace(settings, shared=shared))
    people.save_people(ws, sid, people.replace(settings, shared=shared[:1]))
    assert people.people_settings(ws.scenario(sid)).shared == shared[:1]


def test_quotas_are_drafted_proposed_accepted_and_written(open_app, ws, sid) -> None:
    window = ok(open_app("quotas", scenario=sid))
    table = frame(window, "vs. last").value
    assert table["Territory"].tolist() == [t.name for t in ws.plan(sid)[0].territories]
    one(window.number_input, "quota_target").set_value(1000.0)
    ok(window.run())
    assert frame(window, "vs. last").value["Quota"].sum() == 1000
    window.button[-1].click()
    ok(window.run())
    section(window, "Versions", "quotas")
    (proposed,) = ws.store.quotas.of(sid)
    ok(press(window, f"quota_accept_{proposed.id}"))
    (version,) = planning.quota_versions(ws, sid, REPS)
    assert (version.state, version.target) == ("accepted", 1000)
    again = planning.quotas_in_force((version,), "2027")
    assert again == version
    monthly = planning.monthly_revenue(ws, plan_snapshot(ws, sid), "2027")
    written = files.quota_file(version, "csv", monthly).data.decode()
    assert "Q1,Q2,Q3,Q4" in written.splitlines()[0]
    assert files.quota_file(version, "xlsx", monthly).data[:2] == b"PK"
    with pytest.raises(ValueError, match="has no Salesforce user ID"):
        files.quota_file(version, "salesforce", monthly)  # nobody has the third territory
    set_reps(ws, ws.scenario(sid).dataset_id, REPS)


def test_quotas_are_lowered_for_workload_when_switched_on(open_app, ws, sid) -> None:
    lines = "Deal ID,Account ID,Amount,Stage,Close Date\n1,A-1,100,Proposal,2026-03-01"
    facts = read_facts(read_table(lines.encode(), "d.csv"), "opportunities")
    keep_facts(ws, ws.scenario(sid).dataset_id, facts, "d.csv")
    window = ok(open_app("quotas", scenario=sid))
    table = frame(window, "vs. last").value
    assert "Workload" not in table
    assert table["Open deals"].sum() == 100
    assert table["Coverage"].tolist()[0] == pytest.approx(100 / table["Quota"].tolist()[0])
    window.toggle(key=f"quota_workload_{sid}").set_value(True)
    ok(window.run())
    eased = frame(window, "vs. last").value
    assert eased["Quota"].sum() == table["Quota"].sum()
    assert (eased["Workload"] < 0).any()


def test_potential_counts_by_ratings_when_switched_on(open_app, ws, sid) -> None:
    me = Person("", "me")
    territory_ratings.rate(ws, sid, 0, 5, "more opportunity in health", by=me)
    territory_ratings.rate(ws, sid, 1, 1, "shops closed", by=me)
    shown = plan_snapshot(ws, sid)
    weights = QuotaWeights(0, 0, 1, 0)
    plain = planning.draft_quotas(ws, shown, planning.QuotaRequest(1000, "2027", weights))
    rated = planning.draft_quotas(ws, shown, planning.QuotaRequest(1000, "2027", weights, rated=True))
    if plain.keyed.basis.potential is None:
        assert any("isn't known here" in n for n in rated.keyed.notes)
    else:
        ratio = rated.keyed.basis.potential / plain.keyed.basis.potential
        assert ratio[:2].tolist() == pytest.approx([5 / 3, 1 / 3])
    assert sum(r.quota for r in rated.quotas.rows) == pytest.approx(1000)
    window = ok(open_app("quotas", scenario=sid))
    one(window.toggle, f"quota_rated_{sid}").set_value(True)
    ok(window.run())
    assert any("ratings" in c.value.casefold() for c in window.caption)


def test_salesforce_gets_a_row_per_rep_and_quarter() -> None:
    rows = tuple(planning.KeptQuota(f"T{k}", f"00500000000000{k}", f"R{k}", 100.01) for k in (1, 2))
    at = planning.datetime(2026, 12, 1, tzinfo=planning.UTC)
    version = planning.QuotaVersion(1, "2027", "Q", "", "accepted", "me", at, "", "", 200.02, rows, 0)
    lines = files.quota_file(version, "salesforce", planning.np.zeros(0), "0Db0000000abcde").data.decode().split()
    assert lines[0] == "QuotaOwnerId,StartDate,ForecastingTypeId,QuotaAmount"
    assert len(lines) == 9
    assert lines[1].startswith("005000000000001,2027-01-01,0Db0000000abcde,25.0")
    assert sum(round(100 * float(x.split(",")[3])) for x in lines[1:]) == 20_002


def test_a_goal_without_a_measure_is_refused_and_one_with_it_has_progress(open_app, ws, sid) -> None:
    shown = plan_snapshot(ws, sid)
    with pytest.raises(ValueError, match="nothing to measure it by"):
        planning.goal_from(ws, shown, "Win", "", None, 5.0, planning.today(), "Ann Poe", "")
    with pytest.raises(ValueError, match="has no target"):
        planning.goal_from(ws, shown, "Win", "Revenue", None, None, planning.today(), "Ann Poe", "")
    due = planning.date(2030, 1, 1)
    goal = planning.goal_from(ws, shown, "Grow the north", "Revenue", 200.0, 400.0, due, "Ann Poe", "North")
    planning.save_goals(ws, sid, [goal])
    window = section(open_app("quotas", scenario=sid), "Goals", "quotas")
    row = frame(window, "Progress").value.iloc[0]
    assert (row["Now"], row["Progress"]) == (300.0, 0.5)  # New Castle has 300
    section(window, "Activities", "quotas")
    assert any("Deals to work on" in m.label for m in window.metric)


def test_a_goal_can_be_a_kpi_of_the_facts(open_app, ws, sid) -> None:
    lines = (
        "Deal ID,Account ID,Amount,Stage,Created Date,Close Date\n"
        "1,A-2,100,Closed Won,2026-01-01,2026-03-01\n2,A-3,50,Closed Won,2026-01-01,2026-03-02\n"
        "3,A-1,70,Closed Won,2026-01-01,2026-03-03"
    )
    facts = read_facts(read_table(lines.encode(), "d.csv"), "opportunities")
    keep_facts(ws, ws.scenario(sid).dataset_id, facts, "d.csv")
    shown = plan_snapshot(ws, sid)
    assert "Bookings" in goal_kpis(ws, shown)
    assert "Win rate, %" in goal_kpis(ws, shown)
    due = planning.date(2030, 1, 1)
    goals = [
        planning.goal_from(ws, shown, "Book more", "Bookings", 0.0, 300.0, due, "Ann Poe", about)
        for about in ("North", "")
    ]
    goals.append(planning.goal_from(ws, shown, "Win more", "Win rate, %", 0.0, 90.0, due, "Ann Poe", ""))
    planning.save_goals(ws, sid, goals)
    window = section(open_app("quotas", scenario=sid), "Goals", "quotas")
    table = frame(window, "Progress").value
    assert table["Now"].tolist()[:2] == [150.0, 220.0]  # the north is New Castle, with
    assert 50 < table["Now"].tolist()[2] <= 100
    assert "Bookings" in window.selectbox(key="goal_metric").options


def test_each_role_sees_its_own_quotas(ws, sid) -> None:
    shown = plan_snapshot(ws, sid)
    request = planning.usual_request(shown, planning.today())
    planning.propose_quotas(ws, sid, planning.draft_quotas(ws, shown, request), "", "", Person("", "me"))
    ws.whole.sign_in = True
    try:
        boss = Person("own@x.com", "Own")
        for user, role in (
            ("own@x.com", "owner"),
            ("ann@x.com", "viewer"),
            ("mia@x.com", "viewer"),
            ("zoe@x.com", "viewer"),
        ):
            ws.whole.store.roles.give(sid, user, role, by=boss)
        seen = {}
        for who in ("own", "ann", "mia", "zoe"):
            view = for_person(ws, Person(f"{who}@x.com", who))
            (version,) = planning.quota_versions(view, sid, REPS)
            seen[who] = [r.rep_id for r in version.rows]
            if who != "own":
                with pytest.raises(PermissionError, match=r"ask own@x\.com"):
                    planning.settle_quotas(view, sid, version.id, "accept", "", Person())
        assert seen["own"] == [REPS[1].rep_id, REPS[0].rep_id, ""]
        assert seen["ann"] == [REPS[0].rep_id]
        assert seen["mia"] == [REPS[1].rep_id, REPS[0].rep_id]
        assert seen["zoe"] == []
    finally:
        ws.whole.sign_in = False


def test_the_scorecard_has_words_where_it_has_no_figures(ws, sid) -> None:
    shown = plan_snapshot(ws, sid)
    card = scorecard(shown, people.people_settings(shown.info), planning.today())
    told = {f.measure: f for f in card.figures}
    assert told["Potential"].note == "Potential isn't known for any rep"
    assert told["Revenue"].each.tolist() == [200.0, 300.0]  # 100 by half a rep, 300 by a whole one
    assert told["Revenue"].max_min == pytest.approx(1.5)
    assert "have no rep" in card.notes[-1]


def test_served_follows_the_assumptions_and_says_what_evens_out(open_app, sid) -> None:
    window = section(open_app("reps", scenario=sid), "Served")
    table = frame(window, "What would even it out").value
    assert table["Hours planned"].tolist() == [600.0, 1200.0, 0.0]  # half a rep, a whole one, nobody
    assert table["State"].tolist()[2] == "Nobody"
    assert "Nobody works here" in table["What would even it out"].tolist()[2]
    window.number_input(key="served_hours").set_value(1000.0)
    ok(window.run())
    again = frame(window, "What would even it out").value
    assert again["Hours planned"].tolist() == [500.0, 1000.0, 0.0]
    assert again["Hours needed"].tolist() == table["Hours needed"].tolist()


@pytest.mark.slow
def test_what_would_even_it_out_is_opened_as_a_scenario_with_fairness_beside_it(open_app, ws) -> None:
    sid = uneven(ws)
    window = section(open_app("reps", scenario=sid), "Fairness")
    window.selectbox(key=f"even_measure_{sid}").set_value("Revenue")
    ok(worked(press(window, "even_find")))
    assert any("takes the largest gap" in m.value for m in window.markdown)
    ok(worked(press(window, "even_open")))
    [made] = [s for s in ws.store.scenarios.find() if s.id != sid]
    assert made.name.endswith(", revenue balanced")
    table = frame(window, "Fairer").value.set_index("Measure, per full rep")
    assert table.loc["Revenue", "Variation after"] < table.loc["Revenue", "Variation before"]
    assert "Per full rep after" in frame(window, "Per full rep before").value.columns


def test_fairness_before_and_after_a_change(open_app, ws, sid) -> None:
    """Revenue per full rep: 100 by half a rep (200) and 300 by a whole one before; after the swap 100 and 600.

    Of 200 and 300 the mean is 250 and the deviation 50: 20%, Gini (300 - 200) / (2 x 500) = 0.1. Of 100 and 600 they
    are 350, 250: 71.4%, Gini 500 / 1400.
    """
    copy = ws.store.scenarios.duplicate(sid, "After " + NASTY)
    people.assign_reps(ws, copy.id, ws.rev(copy.id), {0: REPS[0].rep_id, 1: REPS[1].rep_id})
    window = section(open_app("reps", scenario=copy.id), "Fairness")
    window.selectbox(key=f"fair_before_{copy.id}").set_value(sid)
    ok(window.run())
    row = frame(window, "Fairer").value.set_index("Measure, per full rep").loc["Revenue"]
    assert (row["Variation before"], row["Variation after"]) == pytest.approx((20.0, 100 * 5 / 7))
    assert (row["Gini before"], row["Gini after"]) == pytest.approx((0.1, 5 / 14))
    assert (row["Max / min before"], row["Max / min after"]) == pytest.approx((1.5, 6.0))
    assert row["Fairer"] == "Before"
    assert any("ess fair in" in m.value and "Revenue" in m.value for m in window.markdown)
    assert "<img" not in " ".join(m.value for m in window.markdown).replace("\\<img", "")


def test_generate_sizes_targets_by_capacity_as_of_a_day(open_app, ws, sid) -> None:
    late = people.replace(REPS[1], start=planning.date(2026, 11, 1), capacity=1.0)
    set_reps(ws, ws.scenario(sid).dataset_id, (REPS[0], late, *REPS[2:]))
    window = press(open_app("plan", scenario=sid), "generate")
    window.multiselect(key="gen_reps").set_value([REPS[0].rep_id, late.rep_id])
    press(window, "generate")
    window.date_input(key="gen_as_of").set_value(planning.date(2026, 10, 1))
    press(window, "generate")
    assert any("be working on Oct 1, 2026" in e.value for e in window.error)
    window.date_input(key="gen_as_of").set_value(planning.date(2027, 1, 15))
    ok(press(window, "generate"))
    shares = frame(window, "Share of a full territory").value["Share of a full territory"].tolist()
    assert 50.0 in shares  # two full months
    assert 100.0 in shares
