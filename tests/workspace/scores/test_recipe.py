"""Kept definitions: what they make, in which order, what is left out; kept with the data set and lost by no window."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import ConflictError, InputError
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.scoring.scores import Ingredient
from terr.scoring.segments import Segment
from terr.scoring.workload import Effort
from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.plan import snapshot
from terr.workspace.reps import roster
from terr.workspace.scores import recipe
from terr.workspace.scores.likeness import LikenessTo
from terr.workspace.scores.potential import Formula, PotentialBy
from terr.workspace.scores.recipe import Recipe, applied
from terr.workspace.scores.score import ScoreBy
from terr.workspace.scores.segments import ACCOUNTS, Segments
from terr.workspace.scores.tiers import TiersBy
from terr.workspace.scores.workload import WorkloadBy
from tests.helpers.effort import examples
from tests.helpers.spaces import start

HEAD = "Account ID,Name,County,State,Industry,Users,Revenue,Owner"
ROWS = (
    "A-1,Alder,Kent,DE,Health,10,100,Ann",
    "A-2,Birch,New Castle,DE,Health,50,250,Bob",
    "A-3,Cedar,New Castle,DE,Retail,5,50,Bob",
    "A-4,Drake,Sussex,DE,Retail,,200,Ann",
)
"""600 of revenue: Health 350, Retail 250."""

POTENTIAL = PotentialBy("Potential", formula="Users * 10", current="Revenue", white="White space")
TIERS = TiersBy("Tier", "Potential", (0.7,), ("A", "B"), "measure")
SCORE = ScoreBy("Score", (Ingredient("Potential", 3), Ingredient("Revenue", 1)))
HOURS = WorkloadBy("Hours a year", "Tier", homes=False, territories=2)
SIZES = Segments(
    "Size",
    (Segment("Large", "Users >= 10"), Segment("Small", "Users < 10")),
    ("Revenue", ACCOUNTS),
)
KINDS = Segments("Industries", (Segment("Health", column="Industry", values=("health",)),), ("Revenue",))
WHOLE = Recipe((SIZES, HOURS, SCORE, TIERS, POTENTIAL, KINDS))


def book(*rows: str, head: str = HEAD) -> Accounts:
    raw, columns = dataset.inspect("\n".join([head, *(rows or ROWS)]).encode(), "book.csv")
    return dataset.intake(raw, columns, {"Revenue": "USD"}).accounts


def saved(ws: Workspace, *rows: str, head: str = HEAD, reps: tuple[Rep, ...] = ()) -> dataset.Dataset:
    data = "\n".join([head, *(rows or ROWS)]).encode()
    raw, columns = dataset.inspect(data, "book.csv")
    return dataset.save(ws, data, dataset.intake(raw, columns, {"Revenue": "USD"}), reps=reps)


def test_each_definition_makes_its_columns_after_those_it_reads() -> None:
    before = book()
    done = applied(before, WHOLE)
    assert [s.definition.name for s in done.steps] == [
        "Potential",
        "Tier",
        "Score",
        "Hours a year",
        "Size",
        "Industries",
    ]
    assert done.broken == ()
    f = done.accounts.frame
    assert f["Potential"].tolist()[:3] == [100, 500, 50]
    assert np.isnan(f["Potential"].iloc[3])
    assert f["White space"].tolist()[:3] == [0, 250, 0]
    assert f["Tier"].tolist() == ["B", "A", "B", "B"], "500 of 650 pass 70%"
    # places among the known potentials 50, 100, 500 and revenues 50, 100, 200, 250; the blank counts as 50
    assert f["Score"].round(4).tolist() == [
        round((3 * 50 + 100 / 3) / 4, 4),
        100,
        0,
        round((3 * 50 + 200 / 3) / 4, 4),
    ]
    assert f["Size"].tolist() == ["Large", "Large", "Small", ""]
    assert f["Revenue · Large"].tolist() == [100, 250, 0, 0]
    assert f["Number of accounts · Small"].tolist() == [0, 0, 1, 0]
    assert f["Revenue · Health"].tolist() == [100, 250, 0, 0]
    assert "Industries" not in f.columns, "the column Industry says it already"
    assert f["Hours a year"].iloc[1] > 12, "twelve calls of an hour, and the way"
    assert done.accounts.measures == (
        "Users",
        "Revenue",
        "Potential",
        "White space",
        "Score",
        "Hours a year",
        "Revenue · Large",
        "Revenue · Small",
        "Number of accounts · Large",
        "Number of accounts · Small",
        "Revenue · Health",
    )
    assert dict(done.accounts.currency)["Revenue · Large"] == "USD"
    assert dict(done.accounts.currency)["White space"] == "USD"
    assert before.frame.columns.tolist() == book().frame.columns.tolist(), "the accounts stay as they are"
    assert f[list(before.frame.columns)].equals(before.frame)


def test_what_was_left_out_is_told() -> None:
    done = applied(book(), WHOLE)
    told = {s.definition.name: s.made.notes for s in done.steps if s.made}
    assert told["Potential"] == ("The potential has no currency; it is read as USD.",)
    assert "1 account can't be assigned because a number the rule needs is blank." in told["Size"]
    assert told["Industries"] == ("2 accounts are in none of these segments.",)


def test_a_column_that_is_gone_leaves_out_what_needs_it_and_nothing_else() -> None:
    rows = [",".join(c for k, c in enumerate(r.split(",")) if k != 5) for r in ROWS]
    done = applied(book(*rows, head=HEAD.replace("Users,", "")), WHOLE)
    assert {s.definition.name for s in done.broken} == {"Potential", "Tier", "Score", "Hours a year", "Size"}
    assert "Users" in done.step("Potential").problem
    assert done.step("Tier").problem == 'it needs "Potential", which has an error; fix that first'
    assert done.accounts.frame["Revenue · Health"].sum() == 350


def test_definitions_that_wait_for_each_other_are_told() -> None:
    done = applied(book(), Recipe((Formula("A1", "B1 + 1"), Formula("B1", "A1 + 1"), Formula("C1", "Users"))))
    assert [s.definition.name for s in done.broken] == ["A1", "B1"]
    assert done.step("A1").problem.startswith('it needs "B1", which also needs it')
    assert "C1" in done.accounts.measures


def test_a_name_of_the_files_own_is_never_written_over() -> None:
    done = applied(book(), Recipe((Formula("revenue", "Users * 2"),)))
    assert done.broken[0].problem.startswith('the accounts have a column "revenue" of their own')
    assert done.accounts.frame["Revenue"].tolist() == [100, 250, 50, 200]


def test_names_of_a_recipe_are_its_own() -> None:
    with pytest.raises(InputError, match='"Size" already makes'):
        Recipe((SIZES, Formula("revenue  large", "Users")))
    with pytest.raises(InputError, match="choose another name"):
        Recipe((KINDS, Formula("INDUSTRIES", "Users")))
    for bad in ("", " x", "x\ny", "x" * 81, "·"):
        with pytest.raises(InputError):
            Formula(bad, "Users")


def test_unchanged_steps_are_taken_over_and_others_are_not() -> None:
    accounts = book()
    first = applied(accounts, WHOLE, ground="g")
    other = applied(accounts, WHOLE.with_one(TiersBy("Tier", "Revenue"), instead="Tier"), ground="g", before=(first,))
    same = {n for n in ("Potential", "Score", "Size", "Industries") if other.step(n) is first.step(n)}
    assert same == {"Potential", "Score", "Size", "Industries"}
    assert other.step("Hours a year") is not first.step("Hours a year"), "it reads the tiers"
    elsewhere = applied(accounts, WHOLE, ground="h", before=(first,))
    assert elsewhere.step("Potential") is not first.step("Potential")


def test_a_recipe_goes_through_json_and_hostile_files_are_refused_in_words() -> None:
    more = WHOLE.with_one(LikenessTo("Like won", "Industry", ("Health",), ("Retail",)))
    assert recipe.recipe_of(more.to_json()) == more
    assert recipe.recipe_in({"scored": json.loads(more.to_json())}) == more
    for data in (
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"kept": 3}',
        b'{"kept": []}',
        b"[" * 100_000,
        b'{"terr_scores": 9, "kept": []}',
        b'{"terr_scores": 1, "kept": [7]}',
        b'{"terr_scores": 1, "kept": [{"kind": "eval", "name": "x"}]}',
        b'{"terr_scores": 1, "kept": [{"kind": "formula", "name": "x", "text": "__import__(1)"}]}',
        b'{"terr_scores": 1, "kept": [{"kind": "potential", "name": "x", "evil": 1}]}',
        b'{"terr_scores": 1, "kept": [{"kind": "formula"}]}',
        b'{"terr_scores": 1, "kept": [{"kind": "formula", "name": 3, "text": "1"}]}',
    ):
        with pytest.raises(InputError):
            recipe.recipe_of(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *"ab",
                    "kind",
                    "name",
                    "text",
                    "parts",
                    "cuts",
                    "shares",
                    "names",
                    "effort",
                    "column",
                    "measure",
                    "measures",
                    "ingredients",
                    "how",
                    "periods",
                    "rule",
                    "values",
                    "won",
                    "lost",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


@examples(100)
@given(kind=st.sampled_from(["formula", "potential", "tiers", "score", "likeness", "workload", "segments"]), rest=JSON)
def test_any_kept_json_opens_and_is_told(kind: str, rest: object) -> None:
    one = {"name": "x", **(rest if isinstance(rest, dict) else {"rest": rest}), "kind": kind}
    found = recipe.recipe_in({"scored": {"kept": [one, rest]}})
    done = applied(book(), found)
    assert len(done.steps) == 2
    assert all(s.made is not None or s.problem for s in done.steps)


def test_kept_definitions_are_measures_everywhere_and_after_a_restart(ws) -> None:
    data = saved(ws)
    recipe.change(ws, data.info.id, lambda r: r.with_one(POTENTIAL))
    recipe.change(ws, data.info.id, lambda r: r.with_one(SIZES))
    info = start(ws, data=data, measure="Revenue · Large")
    shown = snapshot.plan_snapshot(ws, info.id)
    assert shown.loads.tolist() == [100, 250, 0]
    assert {"load_White space", "load_Revenue · Small"} <= set(snapshot.report_table(ws, info.id).columns)
    again = Workspace(ws.root)
    assert snapshot.plan_snapshot(again, info.id).loads.tolist() == [100, 250, 0]
    assert dataset.dataset(again, data.info.id).scored.recipe == Recipe((POTENTIAL, SIZES))
    again.close()


def test_a_changed_definition_changes_every_figure(ws) -> None:
    data = saved(ws)
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula("Worth", "Users")))
    info = start(ws, data=dataset.dataset(ws, data.info.id), measure="Worth")
    assert snapshot.plan_snapshot(ws, info.id).loads.tolist() == [10, 55, 0]
    other = Workspace(ws.root)  # another process
    recipe.change(other, data.info.id, lambda r: r.with_one(Formula("Worth", "Users * 2"), instead="Worth"))
    other.close()
    assert snapshot.plan_snapshot(ws, info.id).loads.tolist() == [20, 110, 0]
    recipe.change(ws, data.info.id, lambda r: r.without("Worth"))
    with pytest.raises(InputError, match='no longer have the measure "Worth"'):
        snapshot.plan_snapshot(ws, info.id)
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula("Worth", "[Gone]")))
    with pytest.raises(InputError, match="can't be calculated: there is no column"):
        snapshot.plan_snapshot(ws, info.id)


def test_windows_lose_nothing_of_one_another(ws) -> None:
    data = saved(ws)

    def add(k: int) -> None:
        own = Workspace(ws.root)
        recipe.change(own, data.info.id, lambda r: r.with_one(Formula(f"F{k}", "Users")))
        own.close()

    threads = [threading.Thread(target=add, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    kept = dataset.dataset(ws, data.info.id).scored.recipe
    assert {d.name for d in kept.kept} == {f"F{k}" for k in range(8)}
    old = kept.named("F1")
    recipe.change(ws, data.info.id, lambda r: r.with_one(Formula("F1", "Users + 1"), instead="F1"), opened=old)
    with pytest.raises(ConflictError, match="changed in another window"):
        recipe.change(ws, data.info.id, lambda r: r.without("F1"), opened=old)


def test_workload_follows_the_reps_homes(ws) -> None:
    data = saved(ws)
    effort = Effort(calls_a_day=1)
    recipe.change(
        ws,
        data.info.id,
        lambda r: r.with_one(WorkloadBy("Hours", "Size class", effort)).with_one(
            Segments("Size class", (Segment("A", "Users >= 0"),))
        ),
    )
    amid = dataset.dataset(ws, data.info.id)
    far = roster.set_reps(ws, data.info.id, [Rep("U-1", "Ann", "90210")])
    assert far.accounts.total("Hours") > 3 * amid.accounts.total("Hours")
    assert far.key != amid.key
    assert dataset.dataset(ws, data.info.id).accounts.total("Hours") == far.accounts.total("Hours")


def test_likeness_is_off_below_its_minimum_and_says_why() -> None:
    done = applied(book(), Recipe((LikenessTo("Like won", "Industry", ("Health",), ("Retail",)),)))
    assert done.broken[0].problem.startswith("The model needs at least 50 won and 50 lost accounts")
    assert "Like won" not in done.accounts.measures
    assert done.broken[0].made is not None, "the page shows why"
