"""Territory plans on Delaware: begun from the data, changed, undone, frozen, and what each role may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from terr.errors import ConflictError, InputError, LocateError, PlanError, RoleError
from terr.model.person import Person
from terr.model.reps import Rep
from terr.planbook.content import Action, Offer, PotentialOverride, Target
from terr.workspace import Workspace
from terr.workspace.access import roles
from terr.workspace.access.guarded_store import for_person
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps.assignment import assign_reps
from terr.workspace.territory_plans import plans, tables
from terr.workspace.territory_plans.company_template import PlanTemplate, save_template, template_of
from terr.workspace.territory_plans.ground import ground
from terr.workspace.territory_plans.sections import swot_lines
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start

ME = Person("", "me")
BOSS, ANN, BEN, EVE = (Person(f"{n.lower()}@x.com", n) for n in ("Boss", "Ann", "Ben", "Eve"))
TEAM = (
    Rep("R-0", "Boss", email="boss@x.com", role="manager"),
    Rep("R-1", "Ann", "19901", email="Ann@x.com", manager="R-0", quota=1000.0),
    Rep("R-2", "Ben", "19801", email="ben@x.com", manager="R-0"),
)
PERIOD = str(plans.today().year + 1)


def made(ws: Workspace, reps: tuple[Rep, ...] = TEAM) -> str:
    """Kent and Sussex (A-1, A-4) are Ann's, New Castle (A-2, A-3) is Ben's, East has no area and nobody."""
    info = start(ws, data=data_set(ws, reps=reps))
    more(ws, info.id, ["North", "East"])
    for code, counties in ((0, [KENT, SUSSEX]), (1, [NEW_CASTLE])):
        editing.paint(ws, info.id, counties, code)
    if reps:
        assign_reps(ws, info.id, ws.rev(info.id), {0: "R-1", 1: "R-2"})
    return info.id


@pytest.fixture
def sid(ws: Workspace) -> str:
    return made(ws)


def begun(ws: Workspace, sid: str, code: int = 0) -> plans.OpenTerritoryPlan:
    plans.begin(ws, sid, [code], PERIOD, by=ME)
    return plans.open_plan(ws, sid, code)


def section(opened: plans.OpenTerritoryPlan, key: str):
    return next(s for s in opened.view.sections if s.key == key)


def test_a_plan_is_begun_from_the_accounts_alone_and_says_what_would_bring_more(ws, sid):
    assert [(line.territory, line.rep, line.state) for line in plans.lines(ws, sid)] == [
        (plan_snapshot(ws, sid).plan.territories[0].name, "Ann", ""),
        ("North", "Ben", ""),
        ("East", "", ""),
    ]
    opened = begun(ws, sid)
    assert [t.account_id for t in opened.content.targets] == ["A-4", "A-1"]  # 200, 100 of revenue
    stand = section(opened, "standing")
    assert [(f.label, f.value) for f in stand.figures][:3] == [
        ("Revenue", "$300"),
        ("Accounts", "2"),
        ("Quota", "$1,000"),
    ]
    said = " ".join(stand.missing)
    for kind in ("orders", "opportunities", "activities"):
        assert f"A file of {kind}, imported on Accounts, brings" in said
    assert section(opened, "swot").empty
    assert "opportunities" in section(opened, "swot").missing[0]
    assert section(opened, "targets").tables[0].rows[0][1] == "Customer A-4"
    assert opened.view.email == "Ann@x.com"
    with pytest.raises(PlanError, match="no plan yet"):
        plans.open_plan(ws, sid, 1)
    with pytest.raises(InputError, match="is over"):
        plans.begin(ws, sid, [1], "2001", by=ME)
    with pytest.raises(InputError, match="isn't a period"):
        plans.begin(ws, sid, [1], "soon", by=ME)


def test_a_territory_without_accounts_and_without_a_rep(ws, sid):
    opened = begun(ws, sid, 2)
    assert opened.content.targets == ()
    assert "No account is in this territory" in section(opened, "targets").empty
    assert "Nobody on the roster" in " ".join(section(opened, "standing").missing)
    assert "pick target accounts first" in section(opened, "calendar").empty
    assert opened.view.entries == ()


def test_a_plan_without_a_roster(ws):
    opened = begun(ws, made(ws, ()), 0)
    assert any("No quota yet" in m for m in section(opened, "standing").missing)


def test_changes_are_kept_with_who_and_undone_by_whoever_made_them(ws, sid):
    opened = begun(ws, sid)
    with_action = replace(opened.content, actions=(Action("Call Kim", "Ann", date(2020, 1, 1)),))
    plans.change(ws, opened, with_action, by=ANN)
    opened = plans.open_plan(ws, sid, 0)
    assert section(opened, "actions").warnings == ("Overdue: Call Kim (Ann), due Jan 1, 2020",)
    plans.change(ws, opened, replace(opened.content, offers=(Offer("Trial", "x", until=date(2020, 1, 1)),)), by=BEN)
    opened = plans.open_plan(ws, sid, 0)
    assert "was valid until Jan 1, 2020" in section(opened, "offers").warnings[0]
    assert [(c.title.split(" of the")[0], c.by.name) for c in opened.log[1:]] == [
        ("Changed Actions", "Ann"),
        ("Changed Offers", "Ben"),
    ]
    assert plans.undo_titles(opened, {"Ann"}).undo.startswith("Changed Actions")
    plans.undo(ws, opened, {"Ann"}, by=ANN)
    opened = plans.open_plan(ws, sid, 0)
    assert (opened.content.actions, len(opened.content.offers)) == ((), 1)
    plans.undo(ws, opened, {"Ann"}, by=ANN, redo=True)
    opened = plans.open_plan(ws, sid, 0)
    assert opened.content.actions == with_action.actions
    with pytest.raises(PlanError, match="nothing to redo"):
        plans.undo(ws, opened, {"Ann"}, by=ANN, redo=True)
    assert plans.change(ws, opened, opened.content, by=ANN) is None
    lines = [e.what for e in ws.store.changes.timeline(sid, limit=50)]
    assert any(t.startswith("Undid: changed Actions") for t in lines)


def test_two_windows_on_one_section_conflict_and_on_two_sections_do_not(ws, sid):
    seen = begun(ws, sid)
    plans.change(ws, seen, replace(seen.content, actions=(Action("a"),)), by=ANN)
    with pytest.raises(ConflictError, match="Ann changed this part"):
        plans.change(ws, seen, replace(seen.content, actions=(Action("b"),)), by=BEN)
    plans.change(ws, seen, replace(seen.content, offers=(Offer("Trial", "x"),)), by=BEN)
    assert plans.open_plan(ws, sid, 0).content.actions == (Action("a"),)


def test_a_frozen_plan_shows_what_it_was(ws, sid):
    opened = begun(ws, sid)
    plans.set_state(ws, opened, "agreed", by=ME)
    opened = plans.open_plan(ws, sid, 0)
    plans.set_state(ws, opened, "frozen", by=BOSS)
    editing.paint(ws, sid, [SUSSEX], 1)  # A-4 leaves
    frozen = plans.open_plan(ws, sid, 0)
    assert frozen.frozen
    assert frozen.view.sections == opened.view.sections
    assert (frozen.view.entries, frozen.view.by) == (opened.view.entries, "Boss")
    with pytest.raises(PlanError, match="is frozen; reopen it"):
        plans.change(ws, frozen, replace(frozen.content, actions=(Action("a"),)), by=ME)
    assert [line.state for line in plans.lines(ws, sid)] == ["frozen", "", ""]
    plans.set_state(ws, frozen, "draft", by=ME)
    live = plans.open_plan(ws, sid, 0)
    assert section(live, "targets").warnings == (
        "No longer in this territory: Customer A-4; remove from the list or move back on Plan",
    )
    plans.undo(ws, live, {"me"}, by=ME)
    assert plans.open_plan(ws, sid, 0).view.sections == opened.view.sections


def test_nobody_freezes_what_they_have_not_read(ws, sid):
    seen = begun(ws, sid)
    plans.change(ws, seen, replace(seen.content, actions=(Action("a"),)), by=ANN)
    with pytest.raises(ConflictError, match="read it again"):
        plans.set_state(ws, seen, "frozen", by=ME)


def test_the_template_of_the_company_orders_sections_and_asks_questions(ws, sid):
    save_template(ws, PlanTemplate(("targets", "standing"), ("What would you do with 10% more?",), targets=1))
    assert template_of(ws).targets == 1
    opened = begun(ws, sid)
    assert [s.key for s in opened.view.sections] == ["targets", "standing", "questions"]
    assert len(opened.content.targets) == 1
    answered = replace(opened.content, answers={"What would you do with 10% more?": "Hire"})
    plans.change(ws, opened, answered, by=ME)
    assert section(plans.open_plan(ws, sid, 0), "questions").tables[0].rows == (
        ("What would you do with 10% more?", "Hire"),
    )
    (ws.root / "territory-plan-template.json").write_text("{broken")
    assert template_of(ws) == PlanTemplate()


# Roles


@pytest.fixture
def shared(ws: Workspace, sid: str) -> tuple[Workspace, str]:
    """Boss, Ann and Ben are commenters, Eve a viewer, on a plan of somebody else; both plans are begun."""
    owner = Person("own@x.com", "Own")
    ws.store.roles.give(sid, owner.user_id, "owner", by=owner)
    plans.begin(ws, sid, [0, 1], PERIOD, by=owner)
    ws.sign_in = True
    for who, role in ((BOSS, "commenter"), (ANN, "commenter"), (BEN, "commenter"), (EVE, "viewer")):
        roles.give(ws, sid, owner, who.user_id, role)
    return ws, sid


@pytest.mark.parametrize(
    ("who", "reads", "edits", "freezes"),
    [
        (BOSS, {0, 1}, {0, 1}, {0, 1}),
        (ANN, {0}, {0}, set()),
        (BEN, {1}, {1}, set()),
        (EVE, {0, 1, 2}, set(), set()),
        (Person("own@x.com", "Own"), {0, 1, 2}, {0, 1}, {0, 1}),
    ],
)
def test_each_use_by_each_role(shared, who, reads, edits, freezes):
    whole, sid = shared
    mine = for_person(whole, who)
    assert {line.code for line in plans.lines(mine, sid)} == reads
    for code in (0, 1):
        if code not in reads:
            with pytest.raises(RoleError):
                plans.open_plan(mine, sid, code)
            with pytest.raises(RoleError):
                mine.store.territory_plans.add(sid, code, {"actions": []}, "x", seen=99, by=who)
            continue
        opened = plans.open_plan(mine, sid, code)
        assert (opened.may_edit, opened.may_decide) == (code in edits, code in freezes)
        new = replace(opened.content, actions=(Action(f"by {who.name}"),))
        if code not in edits:
            with pytest.raises(RoleError, match="read this territory plan"):
                plans.change(mine, opened, new, by=who)
            continue
        kept = plans.change(mine, opened, new, by=Person("fake@x.com", "Fake"))
        assert kept is not None
        assert kept.by == who  # signed by the sign-in, whatever was asked
        opened = plans.open_plan(mine, sid, code)
        if code in freezes:
            plans.set_state(mine, opened, "frozen", by=who)
            plans.set_state(mine, plans.open_plan(mine, sid, code), "draft", by=who)
        else:
            with pytest.raises(RoleError, match="frozen and reopened"):
                plans.set_state(mine, opened, "frozen", by=who)
            plans.set_state(mine, opened, "agreed", by=who)


def test_a_rep_cannot_reopen_nor_undo_a_frozen_plan_and_strangers_see_nothing(shared):
    whole, sid = shared
    boss, ann = for_person(whole, BOSS), for_person(whole, ANN)
    plans.set_state(boss, plans.open_plan(boss, sid, 0), "frozen", by=BOSS)
    with pytest.raises(RoleError, match="frozen and reopened"):
        plans.set_state(ann, plans.open_plan(ann, sid, 0), "draft", by=ANN)
    with pytest.raises(LocateError):
        plans.lines(for_person(whole, Person("spy@x.com", "Spy")), sid)
    with pytest.raises(RoleError, match="administrator"):
        save_template(ann, PlanTemplate())


def test_a_viewer_who_is_on_no_roster_sees_no_quota(shared):
    whole, sid = shared
    eve, ann = for_person(whole, EVE), for_person(whole, ANN)
    assert "Quota" in [f.label for f in section(plans.open_plan(ann, sid, 0), "standing").figures]
    shown = section(plans.open_plan(eve, sid, 0), "standing")
    assert "Quota" not in [f.label for f in shown.figures]
    assert not any("quota" in m for m in shown.missing)
    boss = for_person(whole, BOSS)
    plans.set_state(boss, plans.open_plan(boss, sid, 0), "frozen", by=BOSS)
    frozen = plans.open_plan(eve, sid, 0)  # what the manager froze holds it, and still isn't hers
    assert "Quota" not in [f.label for f in section(frozen, "standing").figures]
    assert "isn't yours to see" in section(frozen, "goals").empty
    assert "Quota" in [f.label for f in section(plans.open_plan(ann, sid, 0), "standing").figures]


# Tables of the page and back


def test_targets_are_reordered_dropped_added_and_given_a_buyer(ws, sid):
    opened = begun(ws, sid)
    g = ground(ws, sid)
    frame = tables.targets_frame(g, opened.content)
    assert frame["Account"].tolist() == ["Customer A-4", "Customer A-1"]
    frame.loc[1, ["#", "Buyer", "Email"]] = [0.5, "Kim", "kim@x.com"]
    new = tables.with_targets(opened.content, frame)
    assert new.targets == (Target("A-1", "Kim", "", "kim@x.com"), Target("A-4"))
    frame.loc[0, "Keep"] = False
    assert [t.account_id for t in tables.with_targets(opened.content, frame).targets] == ["A-1"]
    less = replace(opened.content, targets=opened.content.targets[:1])
    assert tables.addable(g, 0, less) == {"A-1": "Customer A-1"}
    assert [t.account_id for t in tables.with_added(g, less, ["A-1", "nosuch"]).targets] == ["A-4", "A-1"]


def test_own_estimates_need_a_reason_and_count(ws, sid):
    opened = begun(ws, sid)
    frame = tables.potential_frame(ground(ws, sid), opened.content)
    assert frame["Estimate"].tolist() == [200.0, 100.0]
    frame.loc[0, "Your estimate"] = 500.0
    with pytest.raises(InputError, match="reason for your own estimate of Customer A-4"):
        tables.with_potential(opened.content, frame)
    frame.loc[0, "Reason"] = "they said so"
    new = tables.with_potential(opened.content, frame)
    assert new.potential == (PotentialOverride("A-4", 500.0, "they said so"),)
    plans.change(ws, opened, new, by=ME)
    shown = section(plans.open_plan(ws, sid, 0), "potential")
    assert shown.figures[0].value == "$600"
    assert shown.tables[0].rows[0] == ("Customer A-4", "$200", "–", "$500", "they said so")


def test_every_other_table_comes_back_as_it_went(ws, sid):
    opened = begun(ws, sid)
    g, content = ground(ws, sid), opened.content
    content = replace(
        content,
        offers=(Offer("Trial", "30 days", ("A-1",), date(2027, 1, 1)), Offer("Discount", "5%")),
        actions=(Action("x", "Ann", None, "Done"),),
    )
    assert tables.with_offers(g, content, tables.offers_frame(g, content)) == content
    assert tables.with_actions(content, tables.actions_frame(content)) == content
    assert tables.with_support(content, tables.support_frame(content)) == content
    lines = swot_lines(g, 0, content)
    assert tables.with_swot(content, lines, tables.swot_frame(lines)) == content
    template = template_of(ws)
    weeks = template.cadences[0].weeks
    assert tables.cadences_from(tables.cadences_frame(template.cadences), weeks) == template.cadences
    again = tables.template_from(tables.sections_frame(template), "", template.targets, template.cadences)
    assert again == template
    assert (
        tables.with_calendar(content, opened.view.entries, tables.calendar_frame(opened.view.entries, content.calendar))
        == content
    )


def test_a_touch_is_moved_and_an_account_is_dropped_at_its_decision(ws, sid):
    opened = begun(ws, sid)
    frame = tables.calendar_frame(opened.view.entries, opened.content.calendar)
    first = opened.view.entries[0]
    frame.loc[0, "Day"] = pd.Timestamp(first.touch.day) + pd.Timedelta(days=7)
    last = next(k for k, e in enumerate(opened.view.entries) if e.touch.decision)
    frame.loc[last, "Decision"] = "Drop"
    new = tables.with_calendar(opened.content, opened.view.entries, frame)
    assert [(m.account_id, m.step) for m in new.calendar.moves] == [(first.touch.account_id, first.touch.step)]
    dropped = opened.view.entries[last].touch.account_id
    assert new.calendar.decided == {dropped: "Drop"}
    plans.change(ws, opened, new, by=ME)
    later = plans.open_plan(ws, sid, 0).view.entries
    assert dropped not in {e.touch.account_id for e in later}
