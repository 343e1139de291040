"""Filters, words, first guesses, hours by rep, and stopping; see test_recipe for the definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from terr.errors import InputError, StoppedError
from terr.model.reps import Rep
from terr.scoring.tiers import curve
from terr.scoring.workload import Effort
from terr.workspace.accounts import dataset, next_extract, upload
from terr.workspace.plan import editing, search, segment_filter, snapshot
from terr.workspace.reps import hours
from terr.workspace.scores import recipe as recipes
from terr.workspace.scores import suggestions as guess
from terr.workspace.scores import wording
from terr.workspace.scores.likeness import LikenessTo
from terr.workspace.scores.potential import Formula
from terr.workspace.scores.recipe import Recipe, applied
from terr.workspace.scores.tiers import TiersBy
from tests.helpers.following import followed
from tests.helpers.spaces import KENT, NEW_CASTLE, start
from tests.workspace.scores.test_recipe import HEAD, KINDS, ROWS, SIZES, TIERS, WHOLE, book, saved


def test_segments_and_tiers_filter_points_search_and_table(ws) -> None:
    data = saved(ws)
    recipes.change(ws, data.info.id, lambda _: WHOLE)
    data = dataset.dataset(ws, data.info.id)
    assert segment_filter.titles(data) == ["Size: Large", "Size: Small", "Tier: A", "Tier: B", "Industries: Health"]
    large = segment_filter.filtered(data.scored, "Size: Large")
    assert large.mask.tolist() == [True, True, False, False]
    assert segment_filter.filtered(data.scored, "Tier: A").mask.tolist() == [False, True, False, False]
    assert segment_filter.filtered(data.scored, "Size: Gone") is None
    sid = start(ws, data=data).id
    editing.paint(ws, sid, [KENT, NEW_CASTLE], 0)
    shown = snapshot.plan_snapshot(ws, sid)
    table = segment_filter.per_territory(shown, large)
    assert table.to_dict("records") == [{"accounts": 2, "load": 350.0}]
    assert [h["label"] for h in search.find(ws, shown, "cedar")] == ["Cedar"]
    assert search.find(ws, shown, "cedar", large) == []
    assert [h["label"] for h in search.find(ws, shown, "birch", large)] == ["Birch"]


def test_the_next_extract_has_the_definitions_and_what_needs_mending_is_told(ws) -> None:
    data = saved(ws)
    recipes.change(ws, data.info.id, lambda _: WHOLE)
    sid = start(ws, data=dataset.dataset(ws, data.info.id), measure="White space").id

    def extract(head: str, *rows: str) -> dataset.Dataset:
        draft = upload.suggested(upload.open_file(ws, "\n".join([head, *rows]).encode(), "q2.csv"))
        return next_extract.save_next_extract(ws, next_extract.compare_next_extract(ws, data.info.id, draft))

    later = extract(HEAD, *(r.replace("50,250", "80,250") for r in ROWS))
    assert later.scored.recipe == WHOLE
    next_extract.move(ws, sid, data.info.id, later.info.id)
    assert snapshot.plan_snapshot(ws, sid).loads.tolist() == [0, 550, 0], "80 users x 10 - 250"
    gone = extract(HEAD.replace("Users", "Seats"), *ROWS)
    assert "Users" in gone.scored.step("Potential").problem
    assert gone.accounts.frame["Revenue · Health"].sum() == 350
    with pytest.raises(InputError, match="White space"):
        next_extract.move(ws, sid, later.info.id, gone.info.id)


def test_a_broken_definition_is_no_filter(ws) -> None:
    data = saved(ws)
    recipes.change(ws, data.info.id, lambda _: Recipe((TiersBy("Tier", "Nothing"), KINDS)))
    assert segment_filter.titles(dataset.dataset(ws, data.info.id)) == ["Industries: Health"]


def test_definitions_in_words() -> None:
    done = applied(book(), WHOLE)
    told = {s.definition.name: wording.definition_text(s.definition) for s in done.steps}
    assert told["Potential"] == "= Users * 10; White space = Potential − Revenue"
    assert told["Tier"] == "Tier A = top 70% of Potential, B the rest"
    assert told["Score"] == "from 0 to 100, by rank: Potential 75% and Revenue 25%"
    assert told["Size"] == "2 segments: Large and Small; counted in each: Revenue and Number of accounts"
    assert wording.measure_origin(done, "Revenue") == ""
    assert wording.measure_origin(done, "Revenue · Large").startswith("Revenue · Large counts the segment Large only:")
    assert "Users >= 10" in wording.measure_origin(done, "Revenue · Large")
    assert wording.measure_origin(done, "White space").endswith("White space = Potential − Revenue")


def test_the_curve_says_what_it_shows() -> None:
    rows = [f"A-{k},N,Kent,DE,Health,1,{80 if k < 2 else 5},Ann" for k in range(10)]
    assert wording.curve_title(curve(book(*rows), "Revenue"), "Revenue") == "20% of accounts bring 80% of Revenue"
    none = [f"A-{k},N,Kent,DE,Health,1,0,Ann" for k in range(3)]
    assert wording.curve_title(curve(book(*none), "Revenue"), "Revenue").startswith("No account has")


def test_first_guesses_fit_the_columns() -> None:
    accounts = book()
    assert guess.size_column(accounts) == "Users"
    assert guess.money_column(accounts) == "Revenue"
    assert guess.grouping(accounts)[0] == "Industry"
    assert guess.outcome_column(accounts) == ""
    assert guess.periods(accounts) == ()
    low, high = guess.edges(accounts, "Users")
    assert 5 <= low < high <= 50
    price, users = guess.formula(accounts)
    assert users == "Users"
    assert price == 10, "2 x 400 of revenue over 65 users is 12, roundly 10"


def test_hours_by_owner_and_by_territory_add_up(ws) -> None:
    data = saved(ws, reps=(Rep("U-1", "Ann", "19901"), Rep("U-2", "Bob", "19801")))
    labels = np.array(["A", "A", "B", "B"], dtype=object)
    by_owner = hours.by_owner(data, labels, Effort())
    assert set(by_owner.table["name"]) == {"Ann", "Bob"}
    assert by_owner.table["calls"].sum() == pytest.approx(2 * 12 + 2 * 3)
    assert (by_owner.table["travel"] > 0).all()
    sid = start(ws, data=data).id
    editing.paint(ws, sid, [KENT, NEW_CASTLE], 0)
    by_territory = hours.by_territory(ws, data, sid, labels, Effort())
    assert by_territory.table["accounts"].tolist() == [3]
    assert by_territory.table["calls"].sum() == pytest.approx(2 * 12 + 3), "Sussex is in no territory"
    whole = applied(book(), Recipe((WHOLE.named("Hours a year"), TIERS, WHOLE.named("Potential"))))
    tiers = hours.by_tier(whole.step("Hours a year").made.detail, whole.accounts.frame["Tier"].to_numpy(), "AB")
    assert tiers["accounts"].tolist() == [1, 3]
    assert tiers["hours"].sum() == pytest.approx(whole.accounts.total("Hours a year"))


def test_work_can_be_stopped_in_the_middle_of_likeness() -> None:
    rows = [f"A-{k},N,Kent,DE,{'Health' if (k * 7) % 3 else 'Retail'},{k % 50},{k % 9},Ann" for k in range(400)]
    accounts = book(*rows)
    progress, heard = followed(at="Testing the model, 2")
    recipe = Recipe((LikenessTo("Like", "Industry", ("Health",), ("Retail",), use=("Users", "Revenue")),))
    with pytest.raises(StoppedError):
        applied(accounts, recipe, progress=progress)
    assert "Testing the model, 2" in heard[-1].stage


def test_an_empty_recipe_is_the_same_accounts() -> None:
    accounts = book()
    assert applied(accounts, recipes.EMPTY).accounts is accounts


def test_a_segment_of_a_segment_and_of_a_score_follow_their_order() -> None:
    big = SIZES.parts[0]
    of_tier = type(SIZES)("Top", (type(big)("Best", 'Tier = "A" and Worth > 100'),), ("Worth",))
    recipe = Recipe((of_tier, TiersBy("Tier", "Worth", (0.5,), ("A", "B"), "measure"), Formula("Worth", "Users * 10")))
    done = applied(book(), recipe)
    assert [s.definition.name for s in done.steps] == ["Worth", "Tier", "Top"]
    assert done.accounts.frame["Worth · Best"].tolist() == [0, 500, 0, 0]
    assert isinstance(done.accounts.frame["Top"].dtype, pd.StringDtype)
    assert len(ROWS) == 4
