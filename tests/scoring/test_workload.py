"""Workload: the formula by hand, against exact tours of small cases, and what always holds."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.json_values import read, to_plain
from terr.scoring import travel
from terr.scoring.workload import Effort, Tier, before_territories, with_territories
from tests.helpers.effort import examples
from tests.helpers.grids import make_accounts

KM = math.degrees(1 / travel.EARTH_KM)  # a degree of latitude is so many of these
ONE = Effort((Tier("A", 1, 60),), calls_a_day=6, road_factor=1, speed_kmh=50, least_km=0)


def at(xy: np.ndarray) -> np.ndarray:
    """Latitudes and longitudes of points in km on a small plane around (40, -100)."""
    xy = np.asarray(xy, dtype=float).reshape(-1, 2)
    return np.c_[40 + xy[:, 1] * KM, -100 + xy[:, 0] * KM / math.cos(math.radians(40))]


def book(xy: list | np.ndarray, exact: bool = True) -> Accounts:
    """Accounts at points in km; None is nowhere."""
    points = np.array([(math.nan, math.nan) if p is None else p for p in xy], dtype=float).reshape(-1, 2)
    accounts = make_accounts(["48001"] * len(points), revenue=[1.0] * len(points))
    lat_lon = at(points)
    frame = accounts.frame.assign(lat=lat_lon[:, 0], lon=lat_lon[:, 1], located_by="lat_lon" if exact else "zip")
    return Accounts(frame, accounts.measures)


def one_territory(accounts: Accounts, home: tuple[float, float], effort: Effort = ONE, labels: list[str] | None = None):
    codes = np.zeros(len(accounts), dtype=np.int16)
    return with_territories(accounts, labels or ["A"] * len(accounts), codes, at(np.array([home])), effort)


# by hand


def test_two_accounts_by_hand() -> None:
    # 10 km apart, home in the middle: m = 1 day, each spacing is 2 d / (1 + 0.85 / sqrt 2), the trip out and back 2 x 5
    found = one_territory(book([(0, 0), (10, 0)]), (5, 0))
    spacing = 2 * 10 / (1 + 0.85 / math.sqrt(2))
    by_hand = 0.7124 * (1 - 1 / 2) * 2 * spacing + 2 * 5
    assert found.km.sum() == pytest.approx(by_hand, rel=1e-4)
    assert found.km.sum() == pytest.approx(20, rel=0.06)  # what it really is: out, over, and back
    assert found.call_hours.tolist() == [1, 1]
    np.testing.assert_allclose(found.hours, found.call_hours + found.km / 50)
    assert found.table["days"].tolist() == [1]


def test_an_account_alone_is_a_trip_out_and_back() -> None:
    found = one_territory(book([(30, 40)]), (0, 0), Effort((Tier("a", 4, 30),), 6, 1.2, 60, 0))
    assert found.km[0] == pytest.approx(4 * 2 * 50 * 1.2, rel=1e-3)
    assert found.travel_hours[0] == pytest.approx(4 * 2 * 50 * 1.2 / 60, rel=1e-3)
    assert found.call_hours[0] == 2


def test_one_call_a_day_is_a_trip_each() -> None:
    xy = [(10, 0), (0, 20), (-30, 0), (0, -40)]
    effort = Effort(ONE.tiers, calls_a_day=1, road_factor=1, speed_kmh=50, least_km=0)
    assert one_territory(book(xy), (0, 0), effort).km.sum() == pytest.approx(200, rel=1e-3)


def test_tiers_are_seen_in_rounds() -> None:
    xy = [(10, 0), (0, 20), (-30, 0), (0, -40), (5, 5)]
    effort = Effort((Tier("A", 3, 60), Tier("B", 1, 30)), 2, 1, 50, 0)
    found = one_territory(book(xy), (0, 0), effort, ["A", "B", "A", "none", "B"])
    every = one_territory(book([xy[k] for k in (0, 1, 2, 4)]), (0, 0), Effort((Tier("A", 1, 0),), 2, 1, 50, 0))
    often = one_territory(book([xy[0], xy[2]]), (0, 0), Effort((Tier("A", 2, 0),), 2, 1, 50, 0))
    assert found.km.sum() == pytest.approx(every.km.sum() + often.km.sum())
    assert found.call_hours.tolist() == [3, 0.5, 3, 0, 0.5]
    assert found.hours[3] == 0
    assert found.table["calls"].tolist() == [8]
    assert found.table["days"].tolist() == [4 / 2 + 2 * 1]


def test_accounts_at_one_point() -> None:
    tower = book([(0, 0)] * 4 + [(8, 0)])
    area = book([(0, 0)] * 4 + [(8, 0)], exact=False)
    spread, shared = one_territory(area, (0, 0)).km.sum(), one_territory(tower, (0, 0)).km.sum()
    # four in one building are one stop; four somewhere in a ZIP are twice as far as one is
    s = 2 * 8 / (1 + 0.85 / math.sqrt(2))
    assert shared == pytest.approx(0.7124 * (4 / 5) * (s + s) + 2 * 8 / 5, rel=1e-3)
    assert spread == pytest.approx(0.7124 * (4 / 5) * (s * 2 + s) + 2 * 8 / 5, rel=1e-3)
    apart = Effort(ONE.tiers, 6, 1, 50, least_km=2)
    assert one_territory(book([(0, 0)] * 5), (0, 0), apart).km.sum() == pytest.approx(4 / 5 * 5 * 2, rel=1e-6)


def test_accounts_without_a_place_or_a_territory_are_told() -> None:
    accounts = book([(10, 0), None, (0, 20), (0, 0)])
    found = with_territories(accounts, ["A"] * 4, np.array([0, 0, 0, -1]), at([(0, 0)]), ONE)
    assert found.km[1] == pytest.approx((found.km[0] + found.km[2]) / 2)
    assert found.km[3] == 0
    assert "1 account without a location gets" in found.notes[0]
    assert "1 account in no territory" in found.notes[1]
    assert found.table["accounts"].tolist() == [3]
    assert found.table["days"].tolist() == [1.5]
    middle = with_territories(accounts, ["A"] * 4, np.zeros(4, dtype=int), np.full((1, 2), np.nan), ONE)
    assert "no known home" in middle.notes[0]


def test_settings_are_checked() -> None:
    for bad in (
        {"tiers": ()},
        {"tiers": (Tier("A", 1, 1), Tier("a", 1, 1))},
        {"calls_a_day": 0},
        {"road_factor": 0.9},
        {"speed_kmh": math.nan},
        {"least_km": -1},
    ):
        with pytest.raises(InputError):
            Effort(**bad)
    for calls, minutes in ((-1, 1), (1, 1441), (math.nan, 1)):
        with pytest.raises(InputError):
            Tier("A", calls, minutes)
    with pytest.raises(InputError, match="tier of each"):
        one_territory(book([(0, 0)]), (0, 0), labels=["A", "A"])
    with pytest.raises(InputError, match="row of homes"):
        with_territories(book([(0, 0)]), ["A"], np.array([1]), at([(0, 0)]), ONE)


def test_effort_is_kept_as_plain_text() -> None:
    effort = Effort((Tier("Key", 24, 90), Tier("Rest", 0.5, 20)), 5, 1.3, 60, 0)
    kept = to_plain(effort)
    assert read(Effort, json.loads(json.dumps(kept)), "workload") == effort
    for bad in (
        {"tiers": [{"name": "A"}]},
        {"tiers": 3},
        kept | {"speed_kmh": "fast"},
        kept | {"more": 1},
    ):
        with pytest.raises(InputError):
            read(Effort, bad, "workload", closed=True)


# against exact tours


def tour(d: np.ndarray, stops: tuple[int, ...]) -> float:
    """The shortest tour from home (row 0) over the stops, trying all orders."""
    return min(
        d[0, p[0]] + sum(d[a, b] for a, b in itertools.pairwise(p)) + d[p[-1], 0]
        for p in itertools.permutations(stops)
        if p[0] <= p[-1]
    )


def days_out(d: np.ndarray, most: int) -> float:
    """The shortest way to see all in as few days of at most `most` stops as will do, over all ways to part them."""
    n = len(d) - 1
    best = {0: {0: 0.0}}  # seen -> days -> km
    cost = {
        sum(1 << (s - 1) for s in stops): tour(d, stops)
        for k in range(1, most + 1)
        for stops in itertools.combinations(range(1, n + 1), k)
    }
    for seen in range(1, 1 << n):
        best[seen] = {}
        lowest = seen & -seen
        part = seen
        while part:
            if part & lowest and part in cost:
                for days, km in best[seen ^ part].items():
                    best[seen][days + 1] = min(best[seen].get(days + 1, math.inf), km + cost[part])
            part = (part - 1) & seen
    return best[(1 << n) - 1][math.ceil(n / most)]


@pytest.mark.parametrize(("n", "most"), [(2, 6), (3, 6), (5, 6), (6, 6), (6, 3), (7, 3), (8, 2)])
@pytest.mark.parametrize("clustered", [False, True])
def test_the_estimate_is_near_exact_tours(n: int, most: int, clustered: bool) -> None:
    rng = np.random.default_rng(n * 10 + most)
    errors = []
    for _ in range(12):
        xy = rng.random((n, 2)) * 100
        if clustered:
            xy = xy[rng.integers(0, 2, n)] + rng.normal(size=(n, 2)) * 8
        home = rng.random(2) * 100
        points = np.r_[[home], xy]
        exact = days_out(np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)), most)
        effort = Effort(ONE.tiers, calls_a_day=most, road_factor=1, speed_kmh=50, least_km=0)
        errors.append(float(one_territory(book(xy), tuple(home), effort).km.sum()) / exact - 1)
    assert abs(np.mean(errors)) < 0.15
    assert np.mean(np.abs(errors)) < 0.22


# always


@examples(60)
@given(st.data(), st.integers(1, 25), st.integers(1, 4))
def test_territories_add_up_and_stand_alone(data: st.DataObject, n: int, k: int) -> None:
    place = st.one_of(st.none(), st.tuples(st.integers(0, 60), st.integers(0, 60)))
    accounts = book(data.draw(st.lists(place, min_size=n, max_size=n)), exact=data.draw(st.booleans()))
    labels = data.draw(st.lists(st.sampled_from(["A", "b", "C", ""]), min_size=n, max_size=n))
    codes = np.array(data.draw(st.lists(st.integers(-1, k - 1), min_size=n, max_size=n)), dtype=np.int16)
    homes = at(np.array([(10.0 * j, 5.0) for j in range(k)]))
    effort = Effort()
    found = with_territories(accounts, labels, codes, homes, effort)
    assert np.isfinite(found.hours).all()
    assert (found.travel_hours >= 0).all()
    np.testing.assert_allclose(found.hours, found.call_hours + found.travel_hours)
    for code in range(k):
        row = found.table.iloc[code]
        assert row["hours"] == pytest.approx(found.hours[codes == code].sum())
        assert row["km"] == pytest.approx(found.km[codes == code].sum())
        # a territory's figures don't depend on the others
        alone = with_territories(accounts, labels, np.where(codes == code, code, -1), homes, effort)
        np.testing.assert_allclose(alone.hours[codes == code], found.hours[codes == code])
    twice = Effort(tuple(Tier(t.name, 2 * t.calls, t.minutes) for t in effort.tiers))
    np.testing.assert_allclose(with_territories(accounts, labels, codes, homes, twice).hours, 2 * found.hours)


def test_before_territories_denser_accounts_take_less_travel() -> None:
    rng = np.random.default_rng(4)
    city, country = rng.random((200, 2)) * 10, rng.random((200, 2)) * 200 + 300
    accounts = book(np.r_[city, country])
    homes = at(np.array([(5.0, 5.0), (400.0, 400.0)]))
    found = before_territories(accounts, ["B"] * 400, homes=homes)
    assert found.travel_hours[:200].mean() * 5 < found.travel_hours[200:].mean()
    assert found.table["accounts"].tolist() == [400]
    # near what the two territories come to, once they are drawn
    drawn = with_territories(accounts, ["B"] * 400, np.repeat([0, 1], 200), homes)
    assert found.hours.sum() == pytest.approx(drawn.hours.sum(), rel=0.05)
    guessed = before_territories(accounts, ["B"] * 400, territories=2)
    assert guessed.hours.sum() == pytest.approx(drawn.hours.sum(), rel=0.3)
    assert "No homes are known" in guessed.notes[0]
    with pytest.raises(InputError, match="no rep has a known home"):
        before_territories(accounts, ["B"] * 400, homes=np.full((1, 2), np.nan))
