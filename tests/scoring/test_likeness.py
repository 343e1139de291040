"""Likeness to won accounts: the fit against another library, what it finds, when it stays off, and its parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.scoring.likeness import fit, guess_outcomes, likeness, outcomes
from terr.scoring.traits import alone, auc, learn, matrix, read
from tests.helpers.effort import examples
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


def test_the_fit_equals_scikit_learns() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5))
    y = rng.random(400) < 1 / (1 + np.exp(-(x @ [1, -2, 0, 0.5, 0] + 0.3)))
    for penalty in (0.5, 10.0):
        start, weights = fit(x, y, penalty)
        theirs = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=1000).fit(x, y)
        np.testing.assert_allclose(weights, theirs.coef_[0], atol=1e-5)
        assert start == pytest.approx(theirs.intercept_[0], abs=1e-5)


def test_the_area_under_the_curve_equals_scikit_learns() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(1)
    score, won = rng.integers(0, 9, 200).astype(float), rng.random(200) < 0.4
    assert auc(score, won) == pytest.approx(roc_auc_score(won, score))
    assert auc(score, np.ones(200, dtype=bool)) == 0.5


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
    assert "filled in when the outcome is known" in why["CloseReason"]
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
        likeness(accounts, "Colour", ["a"], ["b"])


def test_rare_levels_are_joined_and_nothing_is_learnt_from_unseen_rows() -> None:
    words = ["a"] * 40 + ["b"] * 30 + ["c"] * 3 + [""] * 27
    accounts = make_accounts(["48001"] * 100, {"Kind": words}, size=np.r_[np.arange(99.0), np.nan])
    kind = learn(read(accounts, "Kind"))
    assert kind.levels == ("a", "b", "other")
    assert kind.blanks
    size = learn(read(accounts, "size"))
    x, owner = matrix([kind, size], [read(accounts, "Kind"), read(accounts, "size")])
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    assert owner.tolist() == [0, 0, 0, 0, 1]
    assert (np.diff(x[:99, 4]) > 0).all()
    won = np.arange(100) >= 50
    assert alone(read(accounts, "size"), won) == 1.0


@examples(40)
@given(st.integers(0, 10**6), st.integers(1, 4), st.floats(0.1, 50))
def test_the_fit_is_at_its_lowest_point(seed: int, p: int, penalty: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, p)) * rng.choice([0.0, 1.0, 30.0], p)
    y = rng.random(60) < rng.random()
    start, weights = fit(x, y, penalty)

    def loss(a: float, b: np.ndarray) -> float:
        z = a + x @ b
        return float(np.logaddexp(0, z).sum() - y @ z + 0.5 * penalty * b @ b)

    low = loss(start, weights)
    for _ in range(5):
        assert loss(start + rng.normal() * 0.01, weights + rng.normal(size=p) * 0.01) >= low - 1e-6
