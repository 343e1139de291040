"""What the engine's benchmark runs: instances, tolerances, times, seeds and marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine.instances import Instance, counties, voronoi
from benchmarks.engine.peers import kmeans
from benchmarks.engine.real_maps import demo_map, drawn_map, hospital_map, with_lump_split
from benchmarks.engine.rivals import metis_best

SEEDS = 10
"""Of the engine, where something is promised."""
SHAKE, HOT_SHARE, HOT = 0.15, 0.1, 1.3
"""A rebalance starts from a plan in which loads changed by lognormal noise of this sigma, and one territory in ten grew
by 30%."""


@dataclass(frozen=True)
class Design:
    """Territories drawn from nothing.

    Attributes:
        name: short, for `--only` and the table; title: for a person.
        make: the instance.
        within: tolerance of every measure, a share of the target; seconds: a design may take.
        metis_within: tolerance METIS is asked for; metis_seeds: how many of its seeds there are to choose from.
        seeds: of the engine.
        peers: whether the other libraries run too.
        promised: False shows figures only.
        least_ratio: the moment of inertia may be at most so much of METIS's best, None = no mark.
        metis_note: what METIS can't do here.
        every: each seed must be within the tolerance and the time, not only the median one.
        partitioners: of the other libraries only those that partition large graphs.
        more: further arguments of `Instance.problem` (locks, seeds), made from the instance.
    """

    name: str
    title: str
    make: Callable[[], Instance]
    within: float
    seconds: float
    metis_within: float = 0.05
    metis_seeds: int = 80
    seeds: int = SEEDS
    peers: bool = False
    promised: bool = True
    least_ratio: float | None = None
    metis_note: str = ""
    every: bool = False
    partitioners: bool = False
    more: Callable[[Instance], Mapping[str, Any]] = field(default=lambda _: {})


@dataclass(frozen=True)
class Rebalance:
    """Today's plan brought back within its limits.

    Attributes:
        name, title, make, within: as in `Design`.
        seconds: the engine's time limit.
        first_s: a first answer within the limits must be there by then.
        beyond: the moved load may be at most so much of the exact model's.
        hops: of the exact model; exact_s: its time.
    """

    name: str
    title: str
    make: Callable[[], Instance]
    within: float
    seconds: float
    first_s: float
    beyond: float
    hops: int
    exact_s: float


@dataclass(frozen=True)
class Certificate:
    """A bound on a design's moment of inertia, proven within `seconds`, at most `gap` (a share) below it."""

    name: str
    title: str
    make: Callable[[], Instance]
    within: float
    seconds: float
    gap: float


def texas() -> Instance:
    """254 counties, 10 territories."""
    return counties("TX", 10, "TX10")


def lower48(k: int = 50) -> Instance:
    """3,109 counties."""
    return counties("lower48", k, f"US{k}")


def lower48_in_30() -> Instance:
    """3,109 counties, 30 territories."""
    return lower48(30)


def cells() -> Instance:
    """2,000 cells, 20 territories."""
    return voronoi(2000, 20, "Z2000")


def many_cells() -> Instance:
    """30,000 cells on a map of the lower 48's size, 100 territories."""
    return voronoi(30000, 100, "Z30000", width_km=4500.0, height_km=2800.0, seed=8)


def three_measures(seed: int = 11) -> Instance:
    """`cells` with two more measures, lognormal too, whose logarithms correlate with the first's by 0.7 and 0.4."""
    base = cells()
    rng = np.random.default_rng(seed)
    log = np.log(base.weights[:, 0])
    columns = [base.weights[:, 0]]
    for together in (0.7, 0.4):
        columns.append(np.exp(together * log + np.sqrt(1 - together**2) * rng.normal(size=len(log))))
    return replace(base, name="Z2000x3", weights=np.column_stack(columns), measures=("load", "second", "third"))


def homes_and_locks(instance: Instance) -> dict[str, NDArray[Any]]:
    """Seeds (k,) for all territories, in a k-means' centres, and locks (n,) around every third."""
    near, w, xy = kmeans(instance, instance.weights[:, 0], instance.k, 1), instance.weights[:, 0], instance.xy_km
    seeds = np.zeros(instance.k, dtype=np.int64)
    locked = np.full(len(instance), -1, dtype=np.int16)
    for j in range(instance.k):
        inside = np.flatnonzero(near == j)
        centre = np.average(xy[inside], axis=0, weights=w[inside])
        seeds[j] = inside[((xy[inside] - centre) ** 2).sum(axis=1).argmin()]
        if j % 3 == 0:
            around = instance.indices[instance.indptr[seeds[j]] : instance.indptr[seeds[j] + 1]]
            locked[[seeds[j], *around[near[around] == j]]] = j
    return {"seeds": seeds, "locked": locked}


@lru_cache(maxsize=4)
def shaken(make: Callable[[], Instance], seed: int = 3) -> tuple[Instance, NDArray[np.int64]]:
    """(the instance with changed loads, int64 (n,) the plan that was balanced before: METIS's best of 80 at 5%)."""
    instance = make()
    plan = metis_best(instance, 0.05)
    rng = np.random.default_rng(seed)
    w = instance.weights * rng.lognormal(0.0, SHAKE, len(instance))[:, None]
    hot = rng.choice(instance.k, max(1, round(HOT_SHARE * instance.k)), replace=False)
    w[np.isin(plan, hot)] *= HOT
    return replace(instance, name=f"{instance.name} shaken", weights=w), plan


def real(
    name: str, title: str, make: Callable[[], Instance], seconds: float, within: float = 0.05, **more: Any
) -> Design:
    """A case of a real map: each seed must hold the limits wherever METIS finds a plan."""
    asked = {"metis_within": within, "peers": True, "partitioners": True, "every": True, **more}
    return Design(name, title, make, within, seconds, **asked)


def split_counties(k: int) -> Instance:
    """Hospitals on counties, those larger than a territory split."""
    return with_lump_split(hospital_map("county", "lower48", k))


US, DEMO = "lower48", partial(demo_map)
REAL = (
    real("zips-100", "demo, 33,300 ZIPs, k = 100", partial(DEMO, "zip", US, 100), 10.0, least_ratio=0.80),
    real("zips-100-2", "demo, 33,300 ZIPs, k = 100, 2%", partial(DEMO, "zip", US, 100), 15.0, 0.02, metis_within=0.05),
    real("zips-50", "demo, 33,300 ZIPs, k = 50", partial(DEMO, "zip", US, 50), 12.0, least_ratio=0.80),
    real("zips-300", "demo, 33,300 ZIPs, k = 300", partial(DEMO, "zip", US, 300), 20.0, promised=False, every=False),
    real("counties-50", "demo, 3,109 counties, k = 50", partial(DEMO, "county", US, 50), 4.0, least_ratio=0.50),
    real("TX-zips-20", "demo, 1,990 ZIPs of Texas, k = 20", partial(DEMO, "zip", "TX", 20), 4.0, least_ratio=0.80),
    real("CA-zips-20", "demo, 1,802 ZIPs of California, k = 20", partial(DEMO, "zip", "CA", 20), 4.0, least_ratio=0.86),
    real("zips-50x2", "demo, 33,300 ZIPs, two measures", partial(DEMO, "zip", US, 50, 2), 20.0, promised=False),
    real("zips-50x3", "demo, 33,300 ZIPs, three measures", partial(DEMO, "zip", US, 50, 3), 20.0, promised=False),
    *(
        real(
            f"accounts-{many}",
            f"{many:,} accounts, 33,300 ZIPs, k = 50",
            partial(drawn_map, "zip", US, 50, many),
            20.0,
            promised=False,
            every=False,
        )
        for many in (500, 50_000, 1_000_000)
    ),
)
STATES = tuple(
    real(f"{state}-zips-{k}-demo", f"demo, ZIPs of {state}, k = {k}", partial(DEMO, "zip", state, k), 6.0)
    for state in ("AZ", "CA", "CO", "FL", "GA", "IL", "MI", "NC", "NJ", "NY", "OH", "PA", "TX", "VA", "WA")
    for k in (10, 30)
)
"""Run only by name."""
HOSPITALS = (
    real("hospitals-zips-50", "hospitals, 33,300 ZIPs, k = 50", partial(hospital_map, "zip", US, 50), 15.0),
    real("hospitals-zips-100", "hospitals, 33,300 ZIPs, k = 100", partial(hospital_map, "zip", US, 100), 15.0),
    *(
        real(f"hospitals-counties-{k}{tail}", f"hospitals, 3,109 counties, k = {k}{text}", make, 20.0, promised=False)
        for k in (50, 100)
        for tail, text, make in (
            ("", "", partial(hospital_map, "county", US, k)),
            ("-split", ", lumps split", partial(split_counties, k)),
        )
    ),
)
"""Run only with the file's path."""
DESIGNS = (
    Design("TX10", "254 counties, k = 10", texas, 0.02, 1.0, peers=True, least_ratio=0.90),
    Design("Z2000", "2,000 cells, k = 20", cells, 0.01, 3.0, metis_within=0.02, peers=True, least_ratio=0.91),
    Design("US50", "3,109 counties, k = 50", lower48, 0.05, 5.0, peers=True, least_ratio=0.80),
    Design("US50-2", "3,109 counties, k = 50, 2%", lower48, 0.02, 15.0, every=True),
    Design("US30", "3,109 counties, k = 30", lower48_in_30, 0.05, 5.0, seeds=5, peers=True, promised=False),
    Design(
        "Z30000",
        "30,000 cells, k = 100",
        many_cells,
        0.02,
        12.0,
        metis_within=0.02,
        metis_seeds=10,
        peers=True,
        least_ratio=0.88,
    ),
    Design(
        "measures",
        "2,000 cells, three measures",
        three_measures,
        0.05,
        5.0,
        seeds=5,
        promised=False,
        metis_note="balances the sum of the measures",
    ),
    Design(
        "locks",
        "2,000 cells, locks and seeds",
        cells,
        0.05,
        5.0,
        seeds=5,
        promised=False,
        metis_note="knows no locks, judged without them",
        more=homes_and_locks,
    ),
    *REAL,
    *STATES,
    *HOSPITALS,
)
REBALANCES = (
    Rebalance("rebalance-TX10", "rebalance 254 counties", texas, 0.05, 5.0, 0.3, 1.05, 3, 60.0),
    Rebalance("rebalance-Z2000", "rebalance 2,000 cells", cells, 0.05, 5.0, 1.0, 1.05, 2, 60.0),
    Rebalance("rebalance-US50", "rebalance 3,109 counties", lower48, 0.05, 10.0, 5.0, 1.10, 4, 90.0),
)
CERTIFICATES = (Certificate("certificate", "certificate, 254 counties, k = 10", texas, 0.05, 300.0, 0.03),)
NAMES = tuple(c.name for c in (*DESIGNS, *REBALANCES, *CERTIFICATES))
USUAL = tuple(name for name in NAMES if name not in {c.name for c in (*STATES, *HOSPITALS)})
QUICK = ("TX10", "Z2000", "US50", "rebalance-TX10", "rebalance-Z2000")
