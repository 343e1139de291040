"""Other libraries on an `Instance`, each as the best its documented options make of the task.

A function here prepares what a planner would prepare once for a map (graphs, tables) and returns a call from a seed to
territories, int64 (n,), values from 0; only the call is timed. Each is asked for compact territories within the
tolerance as far as it knows these notions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine import peers
from benchmarks.engine.instances import Instance
from benchmarks.engine.judging import best, judge
from terr.metrics import shape

Slots = NDArray[np.int64]
Call = Callable[[int], Slots]
BURSTS, BURST = 100, 10
KAHIP_ECO = 1
"""Its number for that mode."""
METIS_SEEDS, FEW_SEEDS, MANY_UNITS = 80, 10, 10_000
ROUNDS, STILL_KM = 50, 0.5


def loads(instance: Instance) -> NDArray[np.float64]:
    """(n,), what peers with one load per unit balance: each measure as a share of its total, summed."""
    return (instance.weights / instance.weights.sum(axis=0)).sum(axis=1)


def metis(instance: Instance, tolerance: float) -> Call:
    """METIS k-way, contiguous; pymetis takes one weight per unit."""
    return functools.partial(peers.metis, instance, loads(instance), instance.k, tolerance)


def kaffpa(instance: Instance, tolerance: float) -> Call:
    """KaHIP's KaFFPa, "eco"; it keeps neither contiguity nor, where units are large, the tolerance."""
    import kahip

    w = np.maximum(1, np.rint(loads(instance) / loads(instance).sum() * 1e6)).astype(int).tolist()
    ones, ip, ix = [1] * len(instance.indices), instance.indptr.tolist(), instance.indices.tolist()

    def call(seed: int) -> Slots:
        _, part = kahip.kaffpa(w, ip, ones, ix, instance.k, tolerance, True, seed, KAHIP_ECO)
        return np.asarray(part, dtype=np.int64)

    return call


def metis_best(instance: Instance, tolerance: float) -> Slots:
    """The best of METIS's plans, as the comparison ranks them: of 80, of 10 where there are more than 10,000 units."""
    call = metis(instance, tolerance)
    seeds = FEW_SEEDS if len(instance) > MANY_UNITS else METIS_SEEDS
    plans = [call(seed) for seed in range(1, seeds + 1)]
    judged = [judge(instance, instance.weights, p, instance.k) for p in plans]
    return plans[judged.index(best(judged, tolerance))]


def kmeans(instance: Instance, tolerance: float) -> Call:  # noqa: ARG001 (it knows no tolerance)
    """scikit-learn's k-means weighted by load."""
    import sklearn.cluster  # noqa: F401 (loading it isn't timed)

    return functools.partial(peers.kmeans, instance, loads(instance), instance.k)


def balanced_kmeans(instance: Instance, tolerance: float) -> Call:  # noqa: ARG001 (it balances exactly)
    """Load-balanced k-means: Lloyd's rounds whose assignment is POT's exact optimal transport to k equal loads.

    A unit that the transport splits goes where most of it went.
    """
    import ot
    import sklearn.cluster  # noqa: F401 (loading it isn't timed)

    w = loads(instance) / loads(instance).sum()
    xy, k = instance.xy_km, instance.k
    equal = np.full(k, 1 / k)

    def call(seed: int) -> Slots:
        first = peers.kmeans(instance, w, k, seed)
        centres = shape.territory_centres(first, xy, w, k)
        plan = np.zeros((len(w), k))
        for _ in range(ROUNDS):
            cost = ((xy[:, None] - centres[None]) ** 2).sum(axis=2)
            plan = ot.emd(w, equal, cost, numItermax=5_000_000)
            new = k * (plan.T @ xy)
            moved = float(np.abs(new - centres).max())
            centres = new
            if moved < STILL_KM:
                break
        return plan.argmax(axis=1).astype(np.int64)

    return call


def _dual(instance: Instance) -> Any:
    import networkx as nx
    from gerrychain import Graph

    graph = nx.Graph()
    rows = np.repeat(np.arange(len(instance)), np.diff(instance.indptr))
    graph.add_nodes_from((i, {"load": w}) for i, w in enumerate(loads(instance).tolist()))
    graph.add_edges_from((a, b) for a, b in zip(rows.tolist(), instance.indices.tolist(), strict=True) if a < b)
    return Graph.from_networkx(graph)


def recursive_tree(instance: Instance, tolerance: float) -> Call:
    """GerryChain's recursive tree partition."""
    from gerrychain.partition.initial_partition_generators import recursive_tree_part

    graph, target = _dual(instance), loads(instance).sum() / instance.k

    def call(seed: int) -> Slots:
        part = recursive_tree_part(graph, range(instance.k), target, "load", tolerance, rng=seed)
        return np.array([part[i] for i in range(len(instance))], dtype=np.int64)

    return call


def recom_bursts(instance: Instance, tolerance: float) -> Call:
    """GerryChain's short bursts of ReCom towards the least moment of inertia, from METIS's best plan.

    The start costs it nothing here: drawing METIS's plans isn't timed.
    """
    from gerrychain import Partition, constraints, updaters
    from gerrychain.optimization import SingleMetricOptimizer
    from gerrychain.proposals import ReCom

    graph, w = _dual(instance), loads(instance)
    start = dict(enumerate(metis_best(instance, tolerance).tolist()))

    def slots(part: Any) -> Slots:
        out = np.empty(len(w), dtype=np.int64)
        for territory, nodes in part.parts.items():
            out[list(nodes)] = territory
        return out

    def moment(part: Any) -> float:
        return shape.moment_of_inertia(slots(part), instance.xy_km, w, instance.k)

    def call(seed: int) -> Slots:
        first = Partition(graph, start, {"load": updaters.Tally("load"), "cut_edges": updaters.cut_edges})
        propose = ReCom.district_pairs_mst("load", w.sum() / instance.k, tolerance, allow_pair_reselection=True)
        within = constraints.within_percent_of_ideal_population(first, tolerance, "load")
        chain = SingleMetricOptimizer(propose, [within], first, moment, maximize=False, rng=seed)
        for _ in chain.short_bursts(BURST, BURSTS):
            pass
        return slots(chain.best_part)

    return call


def _table(instance: Instance) -> tuple[Any, Any]:
    """The units' points and loads, and their contiguity, as spopt takes them."""
    import geopandas as gpd
    from libpysal.weights import W

    ip, ix = instance.indptr, instance.indices
    around = {i: ix[ip[i] : ip[i + 1]].tolist() for i in range(len(instance))}
    x, y = instance.xy_km.T
    frame = gpd.GeoDataFrame({"x": x, "y": y, "load": loads(instance)}, geometry=gpd.points_from_xy(x, y))
    return frame, W(around, silence_warnings=True)


def _spopt(instance: Instance, build: Callable[[Any, Any, int], Any]) -> Call:
    import random

    frame, near = _table(instance)

    def call(seed: int) -> Slots:
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 (spopt's heuristics draw from the global generators)
        model = build(frame, near, seed)
        model.solve()
        return np.unique(np.asarray(model.labels_), return_inverse=True)[1].astype(np.int64)

    return call


def azp(instance: Instance, tolerance: float) -> Call:  # noqa: ARG001 (it knows no balance)
    """spopt's automatic zoning procedure on the units' points."""
    from spopt.region import AZP

    return _spopt(instance, lambda frame, near, seed: AZP(frame, near, ["x", "y"], instance.k, random_state=seed))


def skater(instance: Instance, tolerance: float) -> Call:  # noqa: ARG001 (it knows no balance)
    """spopt's Skater on the units' points; its floor is a number of units, here a quarter of the mean."""
    from spopt.region import Skater

    floor = max(1, len(instance) // (4 * instance.k))
    return _spopt(instance, lambda frame, near, _: Skater(frame, near, ["x", "y"], instance.k, floor))


def max_p(instance: Instance, tolerance: float) -> Call:
    """spopt's max-p heuristic: as many compact territories as the tolerance's least load allows, so maybe not k."""
    from spopt.region import MaxPHeuristic

    least = float(loads(instance).sum() / instance.k * (1 - tolerance))
    return _spopt(
        instance,
        lambda frame, near, _: MaxPHeuristic(frame, near, ["x", "y"], "load", least, max_iterations_construction=10),
    )


def ward(instance: Instance, tolerance: float) -> Call:  # noqa: ARG001 (it knows no balance)
    """spopt's Ward linkage with contiguity on the units' points."""
    from spopt.region import WardSpatial

    return _spopt(instance, lambda frame, near, _: WardSpatial(frame, near, ["x", "y"], instance.k))
