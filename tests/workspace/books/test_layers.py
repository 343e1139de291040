"""Layers: every account in exactly one, sums over layers are the data set, edits stay within a layer and are undone."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.aggregate import account_codes, measures_per_unit, plan_totals
from terr.errors import InputError, PlanError
from terr.model.books.plan_layers import PlanLayer
from terr.scoring.layers import divide
from terr.workspace.accounts import next_extract
from terr.workspace.books import layer_rules
from terr.workspace.plan import editing, paste_units, undo
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reports.documents import make_document
from terr.workspace.reports.downloads import KINDS, export, import_plan
from terr.workspace.reports.open_plan import open_plan
from terr.workspace.scenarios import tree
from terr.workspace.scenarios.change_ledger import ledger
from terr.workspace.scenarios.comparison import PlanPoint, compare, disruption_share
from tests.helpers.effort import examples
from tests.helpers.spaces import more
from tests.workspace.books.plans import BOOKS, LAYERS, ROWS, accounts_data, books

HEALTH = PlanLayer("Health", column="Industry", values=("Health",))
REST = PlanLayer("Rest")


def test_the_first_rule_that_holds_takes_the_account(ws):
    data = accounts_data(ws)
    found = divide(data.accounts, (HEALTH, PlanLayer("Large", rule="Revenue >= 200"), REST), "Revenue")
    assert found.of.tolist() == [0, 0, 2, 1, 0, 2]
    assert [(c.accounts, c.rule, c.amount) for c in found.caught] == [(3, 3, 420.0), (1, 2, 200.0), (2, 6, 80.0)]
    assert found.caught[1].notes == ("1 account of this rule is in a layer before it.",)


def test_order_decides_where_rules_overlap(ws):
    accounts = accounts_data(ws).accounts
    large = PlanLayer("Large", rule="Revenue >= 200")
    first, second = (divide(accounts, (*order, REST)).of for order in ((HEALTH, large), (large, HEALTH)))
    assert first[1] == 0
    assert second[1] == 0  # A-2 holds both rules: it is in the first, whichever that is
    assert (first.tolist(), second.tolist()) == ([0, 0, 2, 1, 0, 2], [1, 0, 2, 0, 1, 2])


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (PlanLayer("Nothing", rule="Revenue > 1000000"), "The rule catches no account."),
        (PlanLayer("All", rule="Revenue >= 0"), "The rule catches every account; nothing falls through"),
        (PlanLayer("Blank", column="Industry", values=("",)), ""),
    ],
)
def test_a_rule_that_catches_nothing_or_everything_says_so(ws, layer, said):
    found = layer_rules.tried(accounts_data(ws), (layer, REST), "Revenue")
    assert any(n.startswith(said) for n in found[0].notes) if said else found[0].accounts == 1


def test_a_blank_attribute_falls_through_and_is_counted(ws):
    found = layer_rules.tried(accounts_data(ws), (HEALTH, REST), "Revenue")
    assert (found[0].accounts, found[0].left) == (3, 3)
    assert layer_rules.tried_words(found[0], "Revenue") == "3 accounts (50.0%), $420 Revenue; 3 fall through"


def test_accounts_by_name_are_found_and_what_is_not_is_said(ws):
    layer = layer_rules.named_rule("Named", "a-1\nCustomer A-3\nNobody\n\n")
    found = layer_rules.tried(accounts_data(ws), (layer, REST), "Revenue")
    assert found[0].accounts == 2
    assert found[0].notes == ('1 entry of the list is no account ("nobody").',)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ((HEALTH,), "put the layer without a rule at the end"),
        ((REST, HEALTH), "at the end"),
        ((REST, PlanLayer("Rest 2")), "at the end"),
        ((HEALTH, PlanLayer("health", rule="Revenue > 1"), REST), "rename one"),
        ((PlanLayer("A", "areas", rule="Revenue > 1"), PlanLayer("B", "areas")), "one layer of areas"),
        ((), "1 to 12"),
        ((PlanLayer("X", rule="Profit > 3"), REST), "Profit"),
        ((PlanLayer("X", rule="Revenue >"), REST), "X"),
    ],
)
def test_layers_that_cannot_be_say_why_and_leave_nothing(ws, layers, words):
    with pytest.raises(InputError, match=words):
        books(ws, layers=layers)
    assert ws.store.scenarios.find() == []


@given(
    st.lists(
        st.sampled_from(
            [
                HEALTH,
                PlanLayer("Large", rule="Revenue >= 100"),
                PlanLayer("Named", "names", accounts=("A-3", "A-6")),
                PlanLayer("Blank", column="Industry", values=("",)),
            ]
        ),
        unique_by=lambda v: v.name,
        max_size=4,
    ),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 8), st.integers(-1, 2)), max_size=12),
)
@examples(60)
def test_every_account_is_in_one_layer_and_sums_are_the_data_set(tmp_path_factory, head, areas, paints):
    from terr.workspace import Workspace

    ws = Workspace(tmp_path_factory.mktemp("layers"))
    data = accounts_data(ws)
    layers = (*head, PlanLayer("Rest", "areas" if areas else "accounts"))
    found = divide(data.accounts, layers, "Revenue")
    assert sum(c.accounts for c in found.caught) == len(data.accounts)
    assert math.fsum(c.amount for c in found.caught) == 700.0
    if areas and not head:
        return
    info = books(ws, data, layers)
    more(ws, info.id, ["B", "C"])
    for unit, code in paints:
        editing.paint(ws, info.id, [unit % info.n_units], code)
    units, (plan, _) = ws.units(info), ws.plan(info.id)
    loads, counts = measures_per_unit(data.accounts, units, ("Revenue",))
    by_layer = np.bincount(units.layer_of, loads[:, 0], len(layers))
    for k, caught in enumerate(found.caught):  # of areas only what lies in Delaware has a unit
        if layers[k].method != "areas":
            assert by_layer[k] == caught.amount
    totals = plan_totals(data.accounts, units, plan)  # checks itself: nothing is lost
    assert totals.accepted.rows == len(data.accounts)
    for code in plan.codes:
        assert len(np.unique(units.layer_of[plan.assign == code])) <= 1
    assert counts.sum() == totals.assigned.rows + totals.unassigned.rows
    assert (account_codes(data.accounts, units, plan) >= 0).sum() == totals.assigned.rows
    ws.close()


def test_a_plan_of_books_is_edited_undone_measured_and_exported(ws):
    info = books(ws)
    assert (info.level, info.name, info.n_units) == ("account", "Books of accounts", 6)
    more(ws, info.id, ["South"])
    editing.paint(ws, info.id, [0, 1], 0)
    editing.paint(ws, info.id, [2, 3, 4, 5], 1)
    shown = plan_snapshot(ws, info.id)
    assert shown.table["load"].tolist() == [350.0, 350.0]
    assert shown.within
    assert shown.strays == ()
    assert shown.table["components"].tolist() == [1, 1]
    undo.undo(ws, info.id, shown.rev)
    assert plan_snapshot(ws, info.id).unassigned_units == 4
    undo.redo(ws, info.id, ws.rev(info.id))
    text = export(ws, info.id, "plan.csv").data.decode()
    assert text.splitlines()[:2] == ["unit_id,territory", "account:A-1,Territory 1"]
    editing.paint(ws, info.id, [5], 0)
    import_plan(ws, info.id, ws.rev(info.id), text.encode())
    assert ws.plan(info.id)[0].assign.tolist() == shown.plan.assign.tolist()


@pytest.mark.parametrize("layers", [BOOKS, LAYERS])
@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_made_of_books_and_layers(ws, kind, layers):
    info = books(ws, layers=layers)
    editing.paint(ws, info.id, [info.n_units - 1], 0)
    made = export(ws, info.id, kind)
    assert made.data
    if kind == "territories.geojson":
        first = json.loads(made.data)["features"][0]
        assert first["geometry"]["type"] == "MultiPoint"


@pytest.mark.parametrize("layers", [BOOKS, LAYERS])
def test_documents_draw_accounts_as_discs(ws, layers):
    info = books(ws, layers=layers)
    editing.paint(ws, info.id, [info.n_units - 1], 0)
    inputs = open_plan(ws, info.id)
    for kind in ("svg", "kml", "html"):
        assert make_document(kind, inputs)


def test_a_territory_belongs_to_a_layer_and_a_move_across_is_refused_in_words(ws):
    info = books(ws, layers=LAYERS)
    units = ws.units(info)
    assert units.ids == ["10001", "10003", "10005", "account:A-2", "account:A-4"]
    loads, _ = measures_per_unit(plan_snapshot(ws, info.id).accounts, units, ("Revenue",))
    assert loads[:, 0].tolist() == [100.0, 50.0, 0.0, 250.0, 200.0]
    more(ws, info.id, ["Key A", "Key B"])
    editing.paint(ws, info.id, [0, 1, 2], 0)
    editing.paint(ws, info.id, [3], 1)
    done = editing.paint(ws, info.id, [0, 4], 1)  # a lasso over both: the account goes, the county stays
    assert done.other_layer == (
        "Key A is of the layer Key, so it didn't take Kent, DE of the layer Everything else. Choose a territory of "
        "that layer, or a new one."
    )
    assert ws.plan(info.id)[0].assign.tolist() == [0, 0, 0, 1, 1]
    with pytest.raises(PlanError, match="belongs to one layer"):
        editing.merge_territory(ws, info.id, ws.rev(info.id), 1, 0)
    editing.paint(ws, info.id, [4], 2)
    table = plan_snapshot(ws, info.id).table
    assert table["target"].tolist() == [150.0, 225.0, 225.0]  # each layer shares out its own
    assert table["load"].tolist() == [150.0, 250.0, 200.0]


def test_accounts_are_pasted_by_id_or_name(ws):
    shown = plan_snapshot(ws, books(ws).id)
    found = paste_units.in_plan(shown, "A-3\naccount:a-1\nCustomer A-5\nB-9")
    assert found.units == (0, 2, 4)
    assert found.unknown == ("B-9",)


def test_the_next_extract_carries_books_by_account_id(ws):
    info = books(ws, layers=(HEALTH, REST))
    more(ws, info.id, ["B"])
    editing.paint(ws, info.id, [0, 1], 0)
    editing.paint(ws, info.id, [2, 5], 1)
    rows = [
        ("A-2", "New Castle", "DE", "Health", 300.0),
        ("A-1", "Kent", "DE", "Retail", 100.0),  # its rule says another layer now
        ("A-3", "New Castle", "DE", "Retail", 50.0),
        ("A-9", "Kent", "DE", "Health", 40.0),  # new
        ("A-5", "Providence", "RI", "Health", 70.0),
        ("A-6", "Atlantis", "DE", "Retail", 30.0),  # A-4 is gone
    ]
    data = accounts_data(ws, rows, after=info.dataset_id)
    before = ws.plan(info.id)[0]
    now = next_extract.move(ws, info.id, info.dataset_id, data.info.id)
    assert now.settings[next_extract.CARRIED] == (
        "New and unassigned: 1 in Health. Removed from the data: 1; they stay in the plan without an amount. Caught by "
        "another layer's rule now: 1; they keep their layer and territory."
    )
    units, (plan, _) = ws.units(now), ws.plan(info.id)
    assert units.ids[-1] == "account:A-9"
    assert plan.assign.tolist() == [*before.assign.tolist(), -1]
    shown = plan_snapshot(ws, info.id)
    assert shown.table["load"].tolist() == [400.0, 80.0]
    editing.paint(ws, info.id, [6], 0)
    assert plan_snapshot(ws, info.id).table["load"].tolist() == [440.0, 80.0]
    for _ in range(3):  # back to before the extract: the history holds
        undo.undo(ws, info.id, ws.rev(info.id))
    assert (ws.plan(info.id)[0].assign >= 0).sum() == 0
    back = next_extract.move(ws, info.id, data.info.id, info.dataset_id)
    assert back.n_units == 7
    assert plan_snapshot(ws, info.id).total == 700.0


def test_a_column_that_is_gone_after_an_update_is_said_and_nothing_breaks(ws):
    info = books(ws, layers=(HEALTH, REST))
    data = accounts_data(ws, [*ROWS, ("A-8", "Kent", "DE", "", 10.0)], after=info.dataset_id, industry=False)
    now = next_extract.move(ws, info.id, info.dataset_id, data.info.id)
    assert "New and unassigned: 1 in Rest." in now.settings[next_extract.CARRIED]
    assert 'Layer "Health": The rule can\'t be used' in now.settings[next_extract.CARRIED]
    assert plan_snapshot(ws, info.id).total == 710.0


def test_a_restart_opens_the_same_books(ws):
    from terr.workspace import Workspace, unit_lists

    info = books(ws, layers=LAYERS)
    editing.paint(ws, info.id, [3], 0)
    unit_lists._KEPT.clear()
    again = Workspace(ws.root)
    assert again.units(again.scenario(info.id)).version == info.units_version
    assert again.plan(info.id)[0].assign.tolist() == [-1, -1, -1, 0, -1]
    again.close()


def test_two_plans_of_books_are_compared_account_by_account(ws):
    info = books(ws)
    code = ws.plan(info.id)[0].codes[0]
    editing.paint(ws, info.id, range(6), code)
    copy = tree.branch(ws, info.id, ws.scenario(info.id).head, "Two books", by=ws.person)
    other = editing.new_territory(ws, copy.id, ws.rev(copy.id))[1]
    editing.paint(ws, copy.id, [1, 2], other)
    found = compare(ws, PlanPoint(info.id), PlanPoint(copy.id))
    assert disruption_share(found, "Revenue") == pytest.approx(300.0 / 700.0)
    rows = ledger(ws, found)
    assert rows["account_id"].tolist() == ["A-2", "A-3"]
    assert set(rows["from"]) == {"Territory 1"}
    assert set(rows["to"]) == {ws.plan(copy.id)[0].territory(other).name}
    assert rows["Revenue"].tolist() == [250.0, 50.0]
