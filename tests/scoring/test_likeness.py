"""Likeness to won accounts: what it finds, when it stays off, its parts, and what it learns from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from terr.errors import InputError, StoppedError
from terr.model.accounts import Accounts
from terr.model.progress import Progress, ProgressUpdate
from terr.scoring.likeness import guess_outcomes, likeness, outcomes
from terr.scoring.traits import ModelColumn, alone, auc, learner, read, table, traits
from tests.helpers.grids import make_accounts

INDUSTRIES = ["Health", "Retail", "Energy", "Law"]


def market(n: int = 1500, seed: int = 3, pull: float = 1.0, **more: list) -> tuple[Accounts, np.ndarray]:
    """Accounts of which industry and size decide the true chance of winning; a third are open."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, n)
    size = rng.lognormal(4, 1, n)
    chance = 1 / (1 + np.exp(-pull * (np.array([1.5, -0.5, 0.0, -1.0])[kind] + 0.8 * (np.log(size) - 4))))
    stage = np.where(rng.random(n) < chance, "Closed Won", "Closed Lost").astype(object)
    stage[rng.random(n) < 1 / 3] = "Open"
    size[rng.random(n) < 0.1] = np.nan
    text = {
        "Stage": stage.tolist(),
        "Industry": [INDUSTRIES[k] for k in kind],
        "Note": [f"n{i}" for i in range(n)],
        "Fax": rng.choice(["yes", "no"], n).tolist(),
        **more,
    }
    return make_accounts(["48001"] * n, text, seats=size, noise=rng.normal(size=n)), chance


SIDES = {"won": ["Closed Won"], "lost": ["Closed Lost"]}


def test_it_finds_what_decides_and_says_how_well() -> None:
    accounts, chance = market()
    found = likeness(accounts, "stage", **SIDES)
    assert found.on
    sides = outcomes(accounts, "Stage", **SIDES)
    best = auc(chance[sides >= 0], sides[sides >= 0] == 1)
    assert best - 0.05 < found.quality.auc < best + 0.01
    assert found.quality.brier < found.quality.brier_base
    assert found.quality.off_by < 0.08  # what it says is what was
    assert found.quality.calibration["accounts"].sum() == found.quality.won + found.quality.lost
    assert np.corrcoef(found.amounts, chance)[0, 1] > 0.85
    assert not np.isnan(found.amounts).any()  # open accounts are judged too
    weights = found.weights.set_index(["column", "trait"])["log odds"]
    assert weights["Industry", "health"] > 0 > weights["Industry", "law"]
    assert weights["seats", "higher"] > 0
    assert [f.column for f in found.flagged] == ["Note"]  # as many texts as accounts


def test_parts_add_up_to_the_likeness() -> None:
    accounts, _ = market()
    found = likeness(accounts, "stage", **SIDES)
    np.testing.assert_allclose(found.base + found.parts.sum(axis=1), found.amounts, atol=1e-6)
    table = found.explained(0)
    assert table["points"].abs().is_monotonic_decreasing
    assert set(table["column"]) == {"Industry", "seats", "noise", "Fax", "state"} - {"state"}


def test_the_same_seed_gives_the_same_model() -> None:
    accounts, _ = market(600)
    a, b = (likeness(accounts, "stage", **SIDES, seed=5) for _ in range(2))
    np.testing.assert_array_equal(a.amounts, b.amounts)
    assert a.quality.auc == b.quality.auc


def test_it_stays_off_with_too_few_rows() -> None:
    accounts, _ = market(120)
    found = likeness(accounts, "stage", **SIDES)
    assert not found.on
    assert "at least 50 won and 50 lost" in found.why_off
    assert np.isnan(found.amounts).all()


def test_it_stays_off_when_it_only_guesses() -> None:
    off = [likeness(market(600, seed, pull=0.0)[0], "stage", **SIDES) for seed in range(8)]
    assert sum(f.on for f in off) <= 1
    assert "isn't clearly better than guessing" in next(f.why_off for f in off if not f.on)


def test_columns_that_know_the_outcome_are_left_out() -> None:
    accounts, _ = market(900)
    stage = accounts.frame["Stage"].tolist()
    frame = accounts.frame.assign(
        paid=[1.0 if s == "Closed Won" else np.nan for s in stage],  # known of customers only
        Signed=["2026-01-01" if s == "Closed Won" else "" for s in stage],
        Deal=["A" if s == "Closed Won" else "B" for s in stage],
        CloseReason=["price", "fit", "time"] * 300,
    )
    accounts = Accounts(frame, (*accounts.measures, "paid"))
    found = likeness(accounts, "stage", **SIDES)
    assert found.on
    why = {f.column: f.why for f in found.flagged}
    assert set(why) == {"Note", "paid", "Signed", "Deal", "CloseReason"}
    assert "seems to know the outcome" in why["Deal"]
    assert "filled in after the outcome is known" in why["CloseReason"]
    assert found.quality.auc < 0.9
    asked = likeness(accounts, "stage", **SIDES, use=["seats", "deal"], allow=["Deal"])
    assert asked.quality.auc > 0.99
    assert asked.names == ("seats", "Deal")


def test_blanks_and_unknown_texts_have_a_likeness() -> None:
    accounts, _ = market(900)
    frame = accounts.frame.copy()
    frame.loc[:4, "Industry"] = ["", "Never seen", "HEALTH ", "x", "y"]
    frame.loc[:4, "Stage"] = "Open"
    found = likeness(Accounts(frame, accounts.measures), "stage", **SIDES)
    assert not np.isnan(found.amounts).any()
    health = found.names.index("Industry")
    assert found.parts[2, health] > 0


def test_sides_are_guessed_and_checked() -> None:
    accounts, _ = market(60)
    assert guess_outcomes(accounts, "Stage") == (("Closed Won",), ("Closed Lost",))
    for won, lost in (([], ["x"]), (["a"], ["A "])):
        with pytest.raises(InputError, match="won and which mean lost"):
            likeness(accounts, "Stage", won, lost)
    with pytest.raises(InputError, match="no column"):
        likeness(accounts, "Color", ["a"], ["b"])


def test_rare_levels_are_joined_and_figures_are_percentiles() -> None:
    words = ["a"] * 40 + ["B "] * 30 + ["c"] * 3 + [""] * 27
    accounts = make_accounts(["48001"] * 100, {"Kind": words}, size=np.r_[np.arange(99.0) ** 3, np.nan])
    raws = [read(accounts, "Kind"), read(accounts, "size")]
    learnt = learner(raws, 100).fit(table(raws))
    meant = traits(learnt, raws)
    assert set(meant[:4]) == {(0, "a"), (0, "b"), (0, "blank"), (0, "other")}
    assert meant[3:] == [(0, "other"), (1, "higher"), (1, "blank")]
    x = learnt.transform(table(raws))
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    at = {name: k for k, (_, name) in enumerate(meant[:5])}
    assert (x[:40, at["a"]] > 0).all()
    assert (x[40:, at["a"]] < 0).all()
    assert (x[73:, at["blank"]] > 0).all()
    assert (np.diff(x[:99, at["higher"]]) > 0).all()
    np.testing.assert_allclose(np.diff(x[:99, at["higher"]]), 1 / 98, atol=1e-3)  # not as far apart as their cubes
    assert x[99, at["higher"]] == pytest.approx(0, abs=1e-3)  # nothing is known of it
    assert x[99, 5] > 0.9
    unseen = learnt.transform([[4.0, 1e9]])  # another text, a larger figure
    assert unseen[0, at["other"]] > 0.9
    assert unseen[0, at["higher"]] == x[98, at["higher"]]


def test_nothing_is_learnt_from_the_rows_it_is_tested_on() -> None:
    """A text that tells the outcome of three rows each, and of no others, can't help with those it hasn't seen."""
    rng = np.random.default_rng(0)
    stage = rng.permutation(["Closed Won"] * 450 + ["Closed Lost"] * 450)
    batch = rng.permutation(np.repeat(np.arange(300), 3))
    accounts = make_accounts(
        ["48001"] * 900,
        {"Stage": stage.tolist(), "Batch": [f"b{k}" for k in batch]},
        size=rng.normal(size=900),
    )
    found = likeness(accounts, "Stage", **SIDES)
    assert not found.on
    assert found.quality.auc < 0.6


def test_what_one_column_tells_alone() -> None:
    won = np.arange(200) % 2 == 0
    one = ModelColumn("Size", np.where(won, 1.0, 2.0))
    assert alone(one, won) == alone(one, ~won) == 1.0  # high or low, it tells
    assert alone(ModelColumn("Paid", np.where(won, 5.0, np.nan)), won) == 1.0  # that it is blank tells
    assert alone(ModelColumn("Kind", np.where(won, 0.0, 1.0), ("a", "b")), won) == 1.0
    assert alone(ModelColumn("Id", np.arange(200.0), tuple(f"n{k}" for k in range(200))), won) < 0.6  # not by heart
    assert alone(one, np.ones(200, dtype=bool)) == 0.5
    assert auc(np.array([1.0, 1.0, 2.0]), np.array([True, False, False])) == 0.25


def test_other_peoples_random_numbers_and_threads_change_nothing() -> None:
    accounts, _ = market(600)
    first = likeness(accounts, "stage", **SIDES)
    np.random.seed(1)  # noqa: NPY002 (the global one is what is tested)
    with ThreadPoolExecutor(3) as pool:
        others = list(pool.map(lambda _: likeness(accounts, "stage", **SIDES), range(3)))
    for other in others:
        np.testing.assert_array_equal(first.amounts, other.amounts)
        assert first.quality.calibration.equals(other.quality.calibration)


def test_the_matrix_library_keeps_to_one_processor_while_a_model_is_learnt_and_has_all_again() -> None:
    from threadpoolctl import threadpool_info

    def threads() -> list[int]:
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    accounts, _ = market(600)
    likeness(accounts, "stage", **SIDES)  # all libraries are loaded
    before, seen = threads(), []

    def hear(update: ProgressUpdate) -> None:
        if "Testing" in update.stage:
            seen.append(threads())

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: likeness(accounts, "stage", **SIDES, progress=Progress(hear)), range(3)))
    assert len(seen) == 15
    assert seen == [[1] * len(before)] * 15
    assert threads() == before


def test_who_waits_for_another_model_can_stop() -> None:
    accounts, _ = market(600)
    begun, stop, go_on = Event(), Event(), Event()

    def hear(update: ProgressUpdate) -> None:
        if "Testing" in update.stage:
            begun.set()
            assert go_on.wait(60)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(likeness, accounts, "stage", **SIDES, progress=Progress(hear))
        assert begun.wait(60)
        second = pool.submit(likeness, accounts, "stage", **SIDES, progress=Progress(cancel=stop.is_set))
        stop.set()
        with pytest.raises(StoppedError):
            second.result(60)
        go_on.set()
        assert first.result(60).on
