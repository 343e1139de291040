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
from terr.metrics import METRICS, Context, Metric, columns, evaluate, markdown
from terr.metrics.registry import PLACES
from terr.metrics.tally import full_tally
from tests.metrics.test_metrics import QUARTERS, G

ROOT = Path(__file__).resolve().parents[2]
PI = np.pi


def context(**change: Any) -> Context:
    slots, before = QUARTERS.copy(), QUARTERS.copy()
    slots[15] = -1
    before[0] = 1
    a, b = np.ones(16), np.zeros(16)
    a[0], b[:2] = 5.0, 1.0
    accounts = np.zeros(16, np.int64)
    accounts[[0, 1, 15]] = [3, 4, 1]
    args: dict[str, Any] = {"slots": slots, "weights": np.c_[a, b], "accounts": accounts} | change
    counted = full_tally(args.pop("slots"), (0, 1, 2, 3), G, args.pop("weights"), args.pop("accounts"))
    given = {"measures": ("a", "b"), "before": before, "outlines": outlines}
    return Context(counted, **(given | args))


def outlines() -> Any:
    return shapely.box(G.xy_km[:, 0], G.xy_km[:, 1], G.xy_km[:, 0] + 10, G.xy_km[:, 1] + 10)


# Squared distances: territory 0 with loads 5, 1, 1, 1 at (0, 0), (10, 0), (0, 10), (10, 10) has its centre at
# (2.5, 2.5): 5 x 12.5 + 62.5 + 62.5 + 112.5 = 300. Territories 1 and 2: 4 x 50 = 200 each. Territory 3, an L of three
# squares with its centre a third of the way: 2 x 100 x 2/3 = 400 / 3. All over the 19 assigned.
MOMENT = (300 + 200 + 200 + 400 / 3) / 19
# The L's squares lie sqrt(200) / 3, sqrt(500) / 3 and sqrt(500) / 3 from its centre.
CORNER = (np.sqrt(200) + 2 * np.sqrt(500)) / 3
FAR = (5 * np.sqrt(12.5) + 2 * np.sqrt(62.5) + np.sqrt(112.5) + 8 * np.sqrt(50) + CORNER) / 19
BY_HAND: dict[str, Any] = {
    "accounts": [7, 0, 0, 0],
    "units": [4, 4, 4, 3],
    "load": [[8, 2], [4, 0], [4, 0], [3, 0]],
    "target": [[5, 0.5]] * 4,  # 20 / 4 and 2 / 4
    "deviation_pct": [[60, 300], [-20, -100], [-20, -100], [-40, -100]],
    "components": [1, 1, 1, 1],
    "polsby_popper": [PI / 4, PI / 4, PI / 4, 4 * PI * 300 / 80**2],  # an L of three squares has a square's perimeter
    "reock": [2 / PI, 2 / PI, 2 / PI, 300 / (200 * PI)],  # radius sqrt(200) for the square and the L
    "max_deviation_pct": [60, 300],
    "balance_index": [100 * (1 - 1.4 / 4), 0],  # mean of .6 .2 .2 .4; of 3 1 1 1 is above 1, so 0
    "cv_pct": [100 * np.sqrt((3.25**2 + 0.75**2 + 0.75**2 + 1.75**2) / 4) / 4.75, 100 * np.sqrt(3)],  # 19 / 4, 2 / 4
    "gini": [2 * (4 + 4 + 5 + 0 + 1 + 1) / (2 * 16 * 4.75), 3 / 4],  # six pairs, each both ways; one has all
    "max_min": [8 / 3, np.inf],
    "extra_components": 0,
    "unassigned_units": 1,
    "unassigned_load": [1, 0],
    "unassigned_pct": [5, 0],
    "territories": 4,
    "polsby_popper_mean": (3 * PI / 4 + 4 * PI * 300 / 80**2) / 4,
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
    assert isinstance(got.values[key], int | float) == (METRICS[key].scope == "plan")


def test_pieces_by_hand() -> None:
    slots = QUARTERS.copy()
    slots[15] = 0  # the far corner joins the first quarter
    got = evaluate(context(slots=slots)).values
    assert got["components"].tolist() == [2, 1, 1, 1]
    assert got["extra_components"] == 1


def test_targets_of_ones_own() -> None:
    got = evaluate(context(targets=np.array([[8.0, 1], [8, 1], [2, 0], [2, 0]]))).values
    assert got["deviation_pct"].tolist() == [[0, 100], [-50, -100], [100, 0], [50, 0]]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_entry_says_what_it_is(metric: Metric) -> None:
    for text in (metric.key, metric.label, metric.formula, metric.unit, metric.source):
        assert text.strip() == text
        assert text
    assert set(metric.places) <= set(PLACES)


def test_an_entry_checks_itself() -> None:
    one = METRICS["gini"]
    for change in (
        {"direction": "up"},
        {"scope": "rep"},
        {"formula": " "},
        {"source": ""},
        {"unit": ""},
        {"places": ("moon",)},
    ):
        with pytest.raises(PlanError):
            replace(one, **change)


def test_what_is_missing_is_told_and_the_rest_is_there() -> None:
    got = evaluate(context(before=None, outlines=None))
    assert set(got.failures) == {"units_pct", "accounts_pct", "load_pct", "reock", "reock_mean"}
    assert "earlier plan" in got.failures["load_pct"]
    assert set(got.values) | set(got.failures) == set(METRICS)


def test_one_that_fails_stops_no_other() -> None:
    def broken(_: Context) -> float:
        raise ZeroDivisionError("1 / 0")

    bad = replace(METRICS["gini"], key="bad", compute=broken)
    odd = replace(METRICS["gini"], key="odd", compute=lambda c: c.load)
    got = evaluate(context(), [bad, odd, "gini"])
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


def test_a_context_takes_only_what_fits() -> None:
    few = np.ones((3, 2))
    for change in ({"measures": ("a",)}, {"before": QUARTERS[:3]}, {"targets": few}, {"named": few}):
        with pytest.raises(PlanError):
            context(**change)


def test_accounts_that_go_by_name_count_where_they_go() -> None:
    one = context()
    by_name = Context(
        one.tally, one.measures, None, np.array([[0, 0], [0, 0], [0, 0], [5.0, 2]]), np.array([0, 0, 0, 2])
    )
    got = evaluate(by_name).values
    assert got["load"].tolist() == [[8, 2], [4, 0], [4, 0], [8, 2]]
    assert got["accounts"].tolist() == [7, 0, 0, 2]
    assert got["target"].tolist() == [[25 / 4, 1]] * 4
    assert got["unassigned_pct"].tolist() == [4, 0]


def test_a_measure_that_adds_up_to_nothing_has_no_balance() -> None:
    got = evaluate(context(weights=np.zeros((16, 1)), measures=("a",)))
    assert np.isnan(got.values["deviation_pct"]).all()
    for key in ("max_deviation_pct", "balance_index", "cv_pct", "gini", "max_min"):
        assert np.isnan(got.figure(key))
    assert got.values["load_pct"].tolist() == [0]


def test_a_plan_without_units_in_territories_has_no_shape() -> None:
    got = evaluate(context(slots=np.full(16, -1)))
    for key in ("polsby_popper_mean", "reock_mean", "moment_of_inertia_km2", "mean_distance_km"):
        assert np.isnan(got.figure(key))
    assert (got.figure("unassigned_units"), got.figure("border_km")) == (16, 0)


def test_columns_are_shares_and_a_measure_s_stand_together() -> None:
    chosen = [METRICS[k] for k in ("units", "load", "deviation_pct", "components")]
    one, every = columns(context(), chosen), columns(context(), chosen, suffix=True)
    assert list(one) == ["units", "load", "deviation", "components"]
    assert one["deviation"].tolist() == pytest.approx([0.6, -0.2, -0.2, -0.4])
    assert list(every) == ["units", "load_a", "deviation_a", "load_b", "deviation_b", "components"]
    assert every["load_b"].tolist() == [2, 0, 0, 0]


def test_the_page_is_the_registry() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == markdown(), "run: python -m terr.metrics > docs/metrics.md"
