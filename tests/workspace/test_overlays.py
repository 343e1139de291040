"""Overlays: a second role over the same accounts; conserved, edited, exported and moved with their field plan."""

from __future__ import annotations

import io
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.aggregate import OUTSIDE, account_codes, measures_per_unit, placed, plan_totals, unit_codes
from terr.errors import InputError
from terr.model.books.plan_layers import PlanLayer
from terr.model.reps import Rep
from terr.workspace.accounts import next_extract
from terr.workspace.books import designing
from terr.workspace.books.designing import BookRequest
from terr.workspace.live import cards
from terr.workspace.overlay_settings import overlay_ids, overlay_of, role_name, team_of
from terr.workspace.overlays import coverage, making
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reports import crm
from terr.workspace.reports.documents import make_document
from terr.workspace.reports.downloads import KINDS, export
from terr.workspace.reports.open_plan import open_plan
from terr.workspace.reps import roster
from terr.workspace.scenarios import change_ledger, tree
from terr.workspace.scenarios.comparison import PlanPoint, compare
from tests.helpers.effort import examples
from tests.workspace.books.plans import ROWS, accounts_data, books

HEALTH = PlanLayer("Health", column="Industry", values=("Health",))
RETAIL = PlanLayer("Retail", column="Industry", values=("Retail",))
ALL = PlanLayer("Everything else")
NOT = PlanLayer("Not covered", "uncovered")


def overlay(ws, field, *layers, role="SDR", **more):
    return making.create_overlay(ws, field.id, role=role, layers=layers or (ALL,), **more)


def test_an_overlay_is_a_plan_of_its_own_over_the_same_accounts(ws):
    field = books(ws)
    made = overlay(ws, field, HEALTH, NOT)
    field = ws.scenario(field.id)
    assert (overlay_ids(field), role_name(made), role_name(field)) == ((made.id,), "SDR", "Field")
    assert (made.measure, made.tolerance, made.name) == (field.measure, field.tolerance, f"{field.name}: SDR")
    shown = plan_snapshot(ws, made.id)
    assert set(shown.units.account_ids) == {"A-1", "A-2", "A-5"}
    assert shown.units.uncovered == {"A-3", "A-4", "A-6"}
    found = placed(shown.accounts, shown.units)
    assert (found.codes == OUTSIDE).tolist() == [False, False, True, True, False, True]
    assert set(found.note) == {"", "this overlay doesn't cover it"}


def test_the_same_list_with_and_without_a_layer_left_out_are_other_units(ws):
    field = books(ws)
    made = [overlay(ws, field, HEALTH, last, role=role) for last, role in ((NOT, "SDR"), (ALL, "Partner"))]
    assert [m.n_units for m in made] == [3, 6]
    assert made[0].units_version != made[1].units_version


def test_an_overlay_of_areas_leaves_out_what_its_rule_leaves_out(ws):
    field = books(ws)
    made = overlay(
        ws,
        field,
        PlanLayer("Health by county", "areas", column="Industry", values=("Health",)),
        NOT,
        role="Cloud specialist",
        level="county",
        region="DE",
    )
    shown = plan_snapshot(ws, made.id)
    codes = unit_codes(shown.accounts, shown.units)
    assert shown.units.n_areas == len(shown.units) == 3
    assert (codes >= 0).tolist() == [True, True, False, False, False, False]  # A-5 lies in Rhode Island
    assert measures_per_unit(shown.accounts, shown.units, ("Revenue",))[0].sum() == 350.0
    painted = editing.paint(ws, made.id, [0, 1, 2], shown.plan.codes[0])
    assert painted.changed
    totals = plan_totals(shown.accounts, shown.units, ws.plan(made.id)[0])
    assert (totals.assigned.rows, totals.outside.rows) == (2, 4)


def test_an_overlay_of_areas_alone_is_a_plan_of_areas(ws):
    made = overlay(ws, books(ws), PlanLayer("All", "areas"), level="county", region="DE")
    assert made.level == "county"
    assert overlay_of(made).role == "SDR"


@pytest.mark.parametrize(
    ("role", "words"),
    [("", "needs a name"), ("x" * 41, "1 to 40"), ("field", "second role"), (" Rep ", "second role")],
)
def test_a_role_that_cannot_be_says_why_and_leaves_nothing(ws, role, words):
    field = books(ws)
    with pytest.raises(InputError, match=words):
        overlay(ws, field, role=role)
    assert len(ws.store.scenarios.find()) == 1


def test_an_account_in_two_overlays_of_one_role_is_refused_with_words(ws):
    field = books(ws)
    first = overlay(ws, field, HEALTH, NOT, name="SDR health")
    large = PlanLayer("Large", rule="Revenue >= 200")
    with pytest.raises(
        InputError, match='1 account would be in two sdr overlays, "Customer A-2" among them; "SDR health"'
    ):
        overlay(ws, field, large, NOT, role="sdr")
    assert overlay_ids(ws.scenario(field.id)) == (first.id,)
    assert len(ws.store.scenarios.find()) == 2
    second = overlay(ws, field, RETAIL, NOT, name="SDR retail")  # apart: they may be of one role
    third = overlay(ws, field, large, NOT, role="Specialist")
    assert overlay_ids(ws.scenario(field.id)) == (first.id, second.id, third.id)


def test_an_overlay_of_an_overlay_and_a_field_plan_that_leaves_accounts_out_are_refused(ws):
    field = books(ws)
    made = overlay(ws, field)
    with pytest.raises(InputError, match="add the overlay to its field plan"):
        overlay(ws, made)
    with pytest.raises(InputError, match="only an overlay can leave accounts uncovered"):
        books(ws, layers=(HEALTH, NOT))
    for layers in ((NOT,), (NOT, ALL)):
        with pytest.raises(InputError, match="only the last layer"):
            overlay(ws, field, *layers, role="Partner")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["SDR", "Specialist"]),
            st.lists(
                st.sampled_from(
                    [
                        HEALTH,
                        RETAIL,
                        PlanLayer("Large", rule="Revenue >= 100"),
                        PlanLayer("Named", "names", accounts=("A-3", "A-6")),
                        PlanLayer("Blank", column="Industry", values=("",)),
                    ]
                ),
                unique_by=lambda v: v.name,
                min_size=1,
                max_size=3,
            ),
            st.booleans(),
        ),
        max_size=4,
    ),
    st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 2)), max_size=8),
)
@examples(20)
def test_every_account_is_in_exactly_one_layer_of_a_role_and_sums_are_the_data_set(tmp_path_factory, asked, paints):
    from terr.workspace import Workspace

    ws = Workspace(tmp_path_factory.mktemp("overlays"))
    field = books(ws)
    made = []
    for role, head, rest in asked:
        try:
            made.append(overlay(ws, field, *head, NOT if rest else ALL, role=role))
        except InputError as error:  # two of one role may not share an account
            said = str(error)
            if f"in two {role} overlays" not in said:
                raise
    for one in made:
        for unit, code in paints:
            if unit < one.n_units:
                to = editing.new_territory(ws, one.id, ws.rev(one.id))[1] if code > 0 else ws.plan(one.id)[0].codes[0]
                editing.paint(ws, one.id, [unit], to if code >= 0 else -1)
    accounts = plan_snapshot(ws, field.id).accounts
    sums = coverage.role_sums(ws, ws.scenario(field.id), "Revenue")
    assert [s.role for s in sums] == ["Field", *dict.fromkeys(role_name(o) for o in made)]
    for one in sums:
        assert one.twice == 0
        assert sum(v.accounts for v in one.layers) + one.uncovered.accounts == len(accounts)
        assert math.fsum([*(v.amount for v in one.layers), one.uncovered.amount]) == 700.0
    seen = {r: np.zeros(len(accounts), dtype=int) for r in ("SDR", "Specialist")}
    for one in made:
        units = ws.units(one)
        codes = unit_codes(accounts, units)
        seen[role_name(one)] += codes >= 0
        assert {i for i, c in zip(accounts.frame["account_id"], codes, strict=True) if c < 0} == units.uncovered
    assert all((times <= 1).all() for times in seen.values())
    ws.close()


def test_edits_undo_and_history_of_an_overlay_leave_the_field_plan_alone(ws):
    field = books(ws)
    made = overlay(ws, field)
    before, rev = ws.plan(field.id)
    code = ws.plan(made.id)[0].codes[0]
    editing.paint(ws, made.id, [0, 1], code)
    editing.paint(ws, field.id, [2], before.codes[0])
    undo.undo(ws, made.id, ws.rev(made.id))
    assert ws.plan(made.id)[0].assign.max() == -1
    assert ws.plan(field.id)[0].assign[2] == before.codes[0]
    assert ws.rev(field.id) == rev + 1


def test_generate_divides_the_accounts_of_the_role_among_its_people(ws):
    data = accounts_data(ws)
    team = (
        Rep("r1", "Rita Rep"),
        Rep("s1", "Sam SDR", "19901", role="SDR"),
        Rep("s2", "Sue SDR", "19801", role="SDR"),
        Rep("m1", "Mia Manager", role="manager"),
    )
    roster.set_reps(ws, data.info.id, team)
    field = books(ws, data)
    made = overlay(ws, field)
    shown = plan_snapshot(ws, made.id)
    assert [r.name for r in shown.team] == ["Sam SDR", "Sue SDR"]
    assert [r.name for r in plan_snapshot(ws, field.id).team] == ["Rita Rep"]
    request = BookRequest(0, designing.suggested_books(shown, 0), "Revenue", 0.5, reps=shown.team)
    found = designing.solve(designing.book_task(ws, made.id, request))
    designing.apply(ws, found, shown.rev)
    after = plan_snapshot(ws, made.id)
    assert sorted(t.rep for t in after.plan.territories) == ["s1", "s2"]
    assert int((after.plan.assign >= 0).sum()) == 6


def test_who_can_own_in_an_overlay_follows_its_role_on_the_roster(ws):
    team = (Rep("r1", "Rita"), Rep("p1", "Pat", role="partner"), Rep("s1", "Sam", role="specialist"))
    field = books(ws)
    for role, names in (("Cloud specialist", ["Sam"]), ("Channel partner", ["Pat"]), ("Hunter", ["Pat", "Sam"])):
        made = overlay(ws, field, role=role)
        assert [r.name for r in team_of(made, team)] == names
    assert [r.name for r in team_of(made, team[:1])] == ["Rita"]


def covered(ws):
    """A field plan with one territory of everything, an SDR overlay of Health with A-1 and A-2 given to Sam."""
    data = accounts_data(ws)
    user = "005000000000001AAA"
    roster.set_reps(ws, data.info.id, (Rep("r1", "Rita"), Rep(user, "Sam", role="SDR")))
    field = books(ws, data)
    code = ws.plan(field.id)[0].codes[0]
    editing.paint(ws, field.id, range(6), code)
    made = overlay(ws, field, HEALTH, NOT)
    mine = ws.plan(made.id)[0].codes[0]
    editing.give_to_rep(ws, made.id, ws.rev(made.id), mine, user)
    editing.paint(ws, made.id, [0, 1], mine)
    return field, made


def test_card_table_and_files_say_who_covers_an_account_in_each_role(ws):
    field, made = covered(ws)
    fields = dict(map(tuple, cards.account_card(ws, field.id, 0)["fields"]))
    assert fields["SDR"] == "Sam, Territory 1"
    assert dict(map(tuple, cards.account_card(ws, field.id, 4)["fields"]))["SDR"] == "no territory yet"
    assert dict(map(tuple, cards.account_card(ws, field.id, 2)["fields"]))["SDR"] == "not covered"
    assert dict(map(tuple, cards.account_card(ws, made.id, 0)["fields"]))["Field"] == "Territory 1"
    shown = plan_snapshot(ws, field.id)
    table = cards.accounts_table(shown, np.array([1, 2]), roles=coverage.role_columns(ws, shown))
    assert table["SDR rep"].tolist() == ["Sam", ""]
    csv = pd.read_csv(io.BytesIO(export(ws, field.id, "accounts.csv").data))
    assert csv["SDR rep"].fillna("").tolist() == ["Sam", "Sam", "", "", "", ""]
    own = pd.read_csv(io.BytesIO(export(ws, made.id, "accounts.csv").data))
    assert own["Field territory"].tolist() == ["Territory 1"] * 6
    assert own["status"].tolist()[2] == "outside the region"
    assert own["located_note"].tolist()[2] == "this overlay doesn't cover it"
    book = make_document("xlsx", open_plan(ws, field.id))
    assert "SDR rep" in pd.read_excel(io.BytesIO(book), sheet_name="Accounts", engine="openpyxl").columns
    for kind in KINDS:
        assert export(ws, made.id, kind).data


def test_an_overlay_gives_the_crm_an_account_team_and_never_owners(ws):
    field, made = covered(ws)
    assert crm.crm_kinds(ws, field.id, "Salesforce") == (*crm.FILES[:2], crm.TEAM)
    assert crm.crm_kinds(ws, made.id, "Salesforce") == (crm.TEAM,)
    assert crm.crm_kinds(ws, made.id, "HubSpot") == ()
    with pytest.raises(InputError, match="doesn't own accounts"):
        crm.back_to_crm(ws, made.id, crm.FILES[1])
    for one in (field, made):
        found = crm.back_to_crm(ws, one.id, crm.TEAM)
        assert list(found.frame.columns) == ["AccountId", "UserId", "TeamMemberRole"]
        assert len(found.frame) + sum(found.left_out.values()) == 6
        assert found.left_out == {"no valid Salesforce ID": 3, "not covered by SDR": 3}
    old = crm.version(ws, field.id)
    editing.paint(ws, made.id, [2], ws.plan(made.id)[0].codes[0])
    assert crm.version(ws, field.id) != old  # the file is made anew when an overlay changes


def test_account_teams_are_written_with_salesforce_ids(ws):
    rows = [(f"00100000000000{i}AAA", *r[1:]) for i, r in enumerate(ROWS)]
    data = accounts_data(ws, rows)
    roster.set_reps(ws, data.info.id, (Rep("005000000000001AAA", "Sam", role="SDR"), Rep("s2", "Sue", role="SDR")))
    field = books(ws, data)
    made = overlay(ws, field)
    first = ws.plan(made.id)[0].codes[0]
    editing.give_to_rep(ws, made.id, ws.rev(made.id), first, "005000000000001AAA")
    editing.paint(ws, made.id, [0, 1], first)
    second = editing.new_territory(ws, made.id, ws.rev(made.id))[1]
    editing.give_to_rep(ws, made.id, ws.rev(made.id), second, "s2")
    editing.paint(ws, made.id, [2], second)
    found = crm.back_to_crm(ws, field.id, crm.TEAM)
    assert found.frame.to_numpy().tolist() == [[rows[i][0], "005000000000001AAA", "SDR"] for i in (0, 1)]
    assert found.left_out == {"no SDR yet": 3, "its SDR's ID is not a Salesforce user ID (005...)": 1}
    assert found.csv().startswith(b"AccountId,UserId,TeamMemberRole\r\n")


def test_a_copy_of_an_overlay_is_compared_and_put_in_its_place(ws):
    field, made = covered(ws)
    copy = tree.branch(ws, made.id, made.head, "Other SDRs", by=ws.person)
    assert [o.id for o in making.unused_overlays(ws, ws.scenario(field.id))] == [copy.id]
    with pytest.raises(InputError, match="in two SDR overlays"):
        making.attach(ws, field.id, copy.id)
    editing.paint(ws, copy.id, [2], ws.plan(copy.id)[0].codes[0])
    found = compare(ws, PlanPoint(made.id), PlanPoint(copy.id))
    rows = change_ledger.ledger(ws, found)
    assert set(rows["account_id"]) <= {"A-1", "A-2", "A-5"}
    assert "A-5" in set(rows["account_id"])
    making.attach(ws, field.id, copy.id, instead_of=made.id)
    assert overlay_ids(ws.scenario(field.id)) == (copy.id,)
    making.detach(ws, field.id, copy.id)
    assert overlay_ids(ws.scenario(field.id)) == ()
    assert ws.scenario(copy.id).name == "Other SDRs"


def test_a_deleted_overlay_is_gone_until_it_is_restored(ws):
    field, made = covered(ws)
    tree.delete(ws, made.id)
    assert coverage.role_columns(ws, plan_snapshot(ws, field.id)) == {}
    assert coverage.switch_names(ws, ws.scenario(field.id)) == {}
    tree.restore(ws, made.id)
    assert coverage.switch_names(ws, ws.scenario(made.id)) == {field.id: "Field", made.id: "SDR"}


def test_the_next_extract_takes_the_overlays_along(ws):
    field, made = covered(ws)
    old = ws.scenario(field.id).dataset_id
    rows = [r for r in ROWS if r[0] != "A-1"] + [("A-7", "Kent", "DE", "Health", 80.0), ("A-8", "Kent", "DE", "", 9.0)]
    new = accounts_data(ws, rows, after=old)
    done = next_extract.move(ws, field.id, old, new.info.id)
    assert "1 in Health, 1 in Not covered" in done.settings[next_extract.CARRIED]
    shown = plan_snapshot(ws, made.id)
    assert shown.info.dataset_id == new.info.id
    assert shown.units.account_ids == ("A-1", "A-2", "A-5", "A-7")
    assert shown.units.uncovered == {"A-3", "A-4", "A-6", "A-8"}
    codes = account_codes(shown.accounts, shown.units, shown.plan)
    by_id = dict(zip(shown.accounts.frame["account_id"], codes.tolist(), strict=True))
    assert (by_id["A-2"], by_id["A-7"]) == (shown.plan.codes[0], -1)
    undo.undo(ws, made.id, ws.rev(made.id))  # an edit made before the extract
    assert (plan_snapshot(ws, made.id).plan.assign == -1).all()


def test_overlays_that_come_to_share_accounts_are_said(ws):
    data = accounts_data(ws)
    field = books(ws, data)
    overlay(ws, field, HEALTH, NOT)
    overlay(
        ws,
        field,
        PlanLayer("Huge", rule="Revenue >= 1000"),
        PlanLayer("Retail", column="Industry", values=("Retail",)),
        NOT,
    )
    assert coverage.twice_words(ws, ws.scenario(field.id)) == []
    new = accounts_data(ws, [*ROWS, ("A-9", "Kent", "DE", "Health", 5000.0)], after=data.info.id)
    next_extract.move(ws, field.id, data.info.id, new.info.id)
    said = coverage.twice_words(ws, ws.scenario(field.id))
    assert said == ["1 account is in two SDR overlays; the first one counts. Change a rule, or remove one overlay."]
