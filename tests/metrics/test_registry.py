"""Each metric of the registry against a number worked out by hand on a 4 x 4 grid of 10 km squares.

The plan: quarters of 2 x 2 squares, but the last square (bottom right) has no territory. Before, it belonged to
territory 3, and square 0 to territory 1. Every square has load 1, square 0 has 5; measure "b" is 1 on squares 0 and 1.

    a  5 1 | 1 1        territory 0: 8, 1: 4, 2: 4, 3: 3 (three squares); 1 unassigned; total 20, targets 5
       1 1 | 1 1
       ----+----
       1 1 | 1 1
       1 1 | 1 .
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from terr.errors import PlanError
from terr.metrics import METRICS, Context, Metric, evaluate, markdown, scorecard, version
from tests.metrics.test_metrics import QUARTERS, G

ROOT = Path(__file__).resolve().parents[2]
PI = np.pi


def context(**change: Any) -> Context:
    slots, before = QUARTERS.copy(), QUARTERS.copy()
    slots[15] = -1
    before[0] = 1
    a, b = np.ones(16), np.zeros(16)
    a[0], b[:2] = 5.0, 1.0
    accounts = np.zeros(16)
    accounts[[0, 1, 15]] = [3, 4, 1]
    args: dict[str, Any] = {
        "slots": slots,
        "k": 4,
        "weights": np.c_[a, b],
        "measures": ("a", "b"),
        "targets": None,
        "units": G,
        "accounts": accounts,
        "before": before,
        "outlines_km": shapely.box(G.xy_km[:, 0], G.xy_km[:, 1], G.xy_km[:, 0] + 10, G.xy_km[:, 1] + 10),
    }
    return Context(**(args | change))


# Squared distances: territory 0 with loads 5, 1, 1, 1 at (0, 0), (10, 0), (0, 10), (10, 10) has its centre at
# (2.5, 2.5): 5 x 12.5 + 62.5 + 62.5 + 112.5 = 300. Territories 1 and 2: 4 x 50 = 200 each. Territory 3, an L of three
# squares with its centre a third of the way: 2 x 100 x 2/3 = 400 / 3. All over the 19 assigned.
MOMENT = (300 + 200 + 200 + 400 / 3) / 19
# The L's squares lie sqrt(200) / 3, sqrt(500) / 3 and sqrt(500) / 3 from its centre.
CORNER = (np.sqrt(200) + 2 * np.sqrt(500)) / 3
FAR = (5 * np.sqrt(12.5) + 2 * np.sqrt(62.5) + np.sqrt(112.5) + 8 * np.sqrt(50) + CORNER) / 19
BY_HAND: dict[str, Any] = {
    "load": [[8, 2], [4, 0], [4, 0], [3, 0]],
    "deviation_pct": [[60, 300], [-20, -100], [-20, -100], [-40, -100]],  # targets 20 / 4 = 5 and 2 / 4 = 0.5
    "max_deviation_pct": [60, 300],
    "cv_pct": [100 * np.sqrt((3.25**2 + 0.75**2 + 0.75**2 + 1.75**2) / 4) / 4.75, 100 * np.sqrt(3)],  # 19 / 4, 2 / 4
    "gini": [2 * (4 + 4 + 5 + 0 + 1 + 1) / (2 * 16 * 4.75), 3 / 4],  # six pairs, each both ways; one has all
    "balance_index": [100 * (1 - 1.4 / 4), 0],  # mean of .6 .2 .2 .4; of 3 1 1 1 is above 1, so 0
    "max_min": [8 / 3, np.inf],
    "unassigned_units": 1,
    "unassigned_load": [1, 0],
    "components": [1, 1, 1, 1],
    "extra_components": 0,
    "polsby_popper": [PI / 4, PI / 4, PI / 4, 4 * PI * 300 / 80**2],  # an L of three squares has a square's perimeter
    "polsby_popper_mean": (3 * PI / 4 + 4 * PI * 300 / 80**2) / 4,
    "reock": [2 / PI, 2 / PI, 2 / PI, 300 / (200 * PI)],  # radius sqrt(200) for the square and the L
    "reock_mean": (6 / PI + 1.5 / PI) / 4,
    "moment_of_inertia_km2": MOMENT,
    "mean_distance_km": FAR,
    "border_km": 80 + 20,  # the cross, and two sides of the square without a territory
    "units_pct": 100 * 2 / 16,
    "accounts_pct": 100 * (3 + 1) / 8,
    "load_pct": [100 * (5 + 1) / 20, 50],
}


def test_every_metric_is_worked_out_by_hand() -> None:
    assert list(BY_HAND) == list(METRICS)


@pytest.mark.parametrize("key", METRICS)
def test_by_hand(key: str) -> None:
    got = evaluate(context(), [key])
    assert got.failures == {}
    assert np.asarray(got.values[key]) == pytest.approx(np.asarray(BY_HAND[key], float))
    assert isinstance(got.values[key], float) == (METRICS[key].scope == "plan")


def test_pieces_by_hand() -> None:
    slots = QUARTERS.copy()
    slots[15] = 0  # the far corner joins the first quarter
    got = evaluate(context(slots=slots)).values
    assert got["components"].tolist() == [2, 1, 1, 1]
    assert got["extra_components"] == 1.0


def test_targets_of_ones_own() -> None:
    got = evaluate(context(targets=[[8, 1], [8, 1], [2, 0], [2, 0]])).values
    assert got["deviation_pct"].tolist() == [[0, 100], [-50, -100], [100, 0], [50, 0]]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_entry_says_what_it_is(metric: Metric) -> None:
    for text in (metric.key, metric.label, metric.formula, metric.unit, metric.source):
        assert text.strip() == text
        assert text
    assert metric.name == metric.label
    assert metric.better == metric.direction


def test_an_entry_checks_itself() -> None:
    one = METRICS["gini"]
    for change in ({"direction": "up"}, {"scope": "rep"}, {"formula": " "}, {"source": ""}, {"unit": ""}):
        with pytest.raises(PlanError):
            replace(one, **change)


def test_what_is_missing_is_told_and_the_rest_is_there() -> None:
    got = evaluate(context(before=None, accounts=None, outlines_km=None))
    assert set(got.failures) == {"units_pct", "accounts_pct", "load_pct", "reock", "reock_mean"}
    assert "earlier plan" in got.failures["load_pct"]
    assert set(got.values) | set(got.failures) == set(METRICS)


def test_one_that_fails_stops_no_other() -> None:
    def broken(_: Context) -> float:
        raise ZeroDivisionError("1 / 0")

    metrics = {
        "bad": replace(METRICS["gini"], key="bad", compute=broken),
        "odd": replace(METRICS["gini"], key="odd", compute=lambda c: c.load),
        "gini": METRICS["gini"],
    }
    got = evaluate(context(), metrics=metrics)
    assert list(got.values) == ["gini"]
    assert got.failures["bad"] == "1 / 0"
    assert "each measure" in got.failures["odd"]
    with pytest.raises(PlanError, match='no metric "charm"'):
        evaluate(context(), ["charm"])


def test_values_cant_be_changed() -> None:
    got = evaluate(context())
    with pytest.raises(ValueError, match="read-only"):
        got.values["load"][0, 0] = 1
    with pytest.raises(TypeError):
        got.values["gini"] = 0  # type: ignore[index]


def test_the_version_follows_every_word() -> None:
    assert version() == evaluate(context(), []).version
    seen = {version()}
    for change in (
        {"label": "x"},
        {"unit": "x"},
        {"formula": "x"},
        {"source": "x"},
        {"direction": "none"},
        {"scope": "plan"},
        {"revision": 2},
    ):
        seen.add(version({**METRICS, "gini": replace(METRICS["gini"], **change)}))
    assert len(seen) == 8


def test_context_keeps_its_own_copies_and_rejects_what_does_not_fit() -> None:
    slots = QUARTERS.copy()
    one = context(slots=slots)
    slots[0] = 3
    assert one.slots[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        one.weights[0, 0] = 9
    for change in ({"slots": QUARTERS[:3]}, {"k": 3}, {"measures": ("a",)}, {"before": [0]}, {"accounts": [1.0]}):
        with pytest.raises(PlanError):
            context(**change)


def test_the_scorecard_and_the_registry_agree() -> None:
    one = context()
    card, got = scorecard(one), evaluate(one).values
    for key in ("load", "cv_pct", "gini", "balance_index", "max_min", "components", "polsby_popper", "unassigned_load"):
        assert np.array_equal(getattr(card, key), got[key])
    for key in ("extra_components", "unassigned_units", "moment_of_inertia_km2", "mean_distance_km", "border_km"):
        assert getattr(card, key) == got[key]


def test_the_page_is_the_registry() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == markdown(), "run: python -m terr.metrics > docs/metrics.md"
