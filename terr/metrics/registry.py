"""The registry: every metric of a plan, with its formula, unit, source, direction and function, in one place.

The Plan page, Compare, files, the command line and `docs/metrics.md` show what stands here and evaluate it with
`evaluate`; an entry appears in each of its `places` by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.errors import PlanError, TerrError
from terr.metrics import balance, shape
from terr.metrics.context import Context

DIRECTIONS = ("lower", "higher", "none")
"""Which way is better."""
SCOPES = ("plan", "territory", "measure", "territory and measure")
"""What there is one value for: a number, an array (k,), (m,) or (k, m)."""
PLACES = ("plan", "compare", "files", "text", "json")
"""Where a metric is shown: figures and table of the Plan page, Compare, the workbook and map files, and the command
line's text and JSON. Compare shows no territories."""
SHOWN = PLACES[1:]
"""Where a metric is shown unless its entry says otherwise."""
FAILURES = (
    TerrError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    shapely.errors.ShapelyError,
)


@dataclass(frozen=True)
class Metric:
    """One entry: what it is called, how it is computed, of what, in what unit, and which way is better.

    Attributes:
        key: stable word for programs.
        label: plain words; "Load" and "units" in it are called by the measure's name and the level's word when shown.
        unit: of its values.
        decimals: shown.
        direction: one of `DIRECTIONS`.
        scope: one of `SCOPES`.
        formula: plain text; the calculation must agree.
        source: where it was defined.
        compute: Context -> number, or array of the scope's shape.
        places: of `PLACES`.
        inside: the object of the command line's JSON it stands in, "" = the report itself.
    """

    key: str
    label: str
    unit: str
    decimals: int
    direction: str
    scope: str
    formula: str
    source: str
    compute: Callable[[Context], Any]
    places: tuple[str, ...] = SHOWN
    inside: str = ""

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise PlanError(f'"{self.direction}" is not a direction; say lower, higher or none')
        if self.scope not in SCOPES:
            raise PlanError(f'"{self.scope}" is not what a metric can be of; choose from {", ".join(SCOPES)}')
        if unknown := set(self.places) - set(PLACES):
            raise PlanError(f'"{min(unknown)}" is not a place; choose from {", ".join(PLACES)}')
        for what in ("key", "label", "unit", "formula", "source"):
            if not getattr(self, what).strip():
                raise PlanError(f"a metric needs a {what}")

    @property
    def per_territory(self) -> bool:
        """There is a value for each territory."""
        return self.scope.startswith("territory")

    @property
    def per_measure(self) -> bool:
        """There is a value for each measure."""
        return self.scope.endswith("measure")

    @property
    def column(self) -> str:
        """Its name in tables of territories, where percentages are shares: "deviation" of `deviation_pct`."""
        return self.key.removesuffix("_pct")

    def shape(self, context: Context) -> tuple[int, ...]:
        """Shape of its value: () is a number."""
        return (context.k,) * self.per_territory + (len(context.measures),) * self.per_measure


def _shared(values: NDArray[np.float64], context: Context) -> NDArray[np.float64]:
    return np.where(context.shared, values, np.nan)


def _mean(values: NDArray[np.float64], context: Context) -> float:
    filled = (context.tally.size > 0) & np.isfinite(values)  # books of accounts have no shape
    return float(values[filled].mean()) if filled.any() else math.nan


def _by_distance(measure: Callable[..., float], c: Context) -> float:
    return measure(c.slots, np.asarray(c.units.xy_km), c.weights[:, 0], c.k) if c.tally.size.any() else math.nan


def _share(part: Any, whole: Any) -> Any:
    return 100 * np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) > 0)


_OWN = "Terr's own definition"
_KNS = "Kalcsics, Nickel, Schroeder 2005, TOP 13 (relative deviation from the mean activity)"
_REALIGN = "after Rios-Mercado, Lopez-Perez 2013, Omega 41 (territories kept in a realignment)"
_TARJAN = "Hopcroft, Tarjan 1973, Communications of the ACM 16 (connected components)"
_PP = "Polsby, Popper 1991, Yale Law & Policy Review 9"
_REOCK = "Reock 1961, Midwest Journal of Political Science 5"
_ASSIGNED = "assigned units only (each weighs 1 if none has a load)"

# a table: one line of what it is, its formula and source, how it is computed and where it is shown
# fmt: off
_ENTRIES = (
    Metric("accounts", "Accounts", "accounts", 0, "none", "territory",
           "accounts on the territory's units, and those that go to it by name", _OWN,
           lambda c: c.accounts, ("plan", "files", "text")),
    Metric("units", "Units", "units", 0, "none", "territory",
           "number of the territory's units", _OWN,
           lambda c: c.tally.size, PLACES),
    Metric("load", "Load", "the measure's own", 0, "none", "territory and measure",
           "sum of the measure over the territory's units, and over accounts that go to it by name", _OWN,
           lambda c: c.load, PLACES),
    Metric("target", "Target", "the measure's own", 0, "none", "territory and measure",
           "the territory's share of the measure's total; equal shares unless set otherwise", _OWN,
           lambda c: c.goal, ("files", "json")),
    Metric("deviation_pct", "Deviation", "%", 1, "none", "territory and measure",
           "100 x (load / target - 1); 0 if both are 0", _KNS,
           lambda c: 100 * c.deviation, PLACES),
    Metric("components", "Pieces", "pieces", 0, "lower", "territory",
           "connected pieces of the territory by shared borders and bridges; 1 = in one piece", _TARJAN,
           lambda c: c.tally.pieces, PLACES),
    Metric("polsby_popper", "Compactness", "0 to 1", 2, "higher", "territory",
           "4 pi area / perimeter^2 (Polsby-Popper); 1 is a circle", _PP,
           lambda c: c.tally.polsby_popper, PLACES),
    Metric("reock", "Reock compactness", "0 to 1", 2, "higher", "territory",
           "area / area of the smallest circle around the territory; 1 is a circle", _REOCK,
           lambda c: c.reock, ()),
    Metric("max_deviation_pct", "Max deviation", "%", 1, "lower", "measure",
           "100 x largest |load / target - 1| of any territory", _KNS,
           lambda c: _shared(100 * balance.max_deviation(c.load, c.goal), c), PLACES),
    Metric("balance_index", "Balance index", "0 to 100", 1, "higher", "measure",
           "100 x (1 - mean over territories of |load / target - 1|), at least 0; 100 is perfect", _OWN,
           lambda c: _shared(balance.balance_index(c.load, c.goal), c), ("plan", "compare", "files", "text")),
    Metric("cv_pct", "Variation", "%", 1, "lower", "measure",
           "100 x standard deviation (over all k, not k - 1) / mean of the territories' loads",
           "Pearson 1896, Philosophical Transactions of the Royal Society A 187 (coefficient of variation)",
           lambda c: _shared(balance.cv_pct(c.load), c)),
    Metric("gini", "Gini coefficient", "0 to 1", 3, "lower", "measure",
           "sum over all ordered pairs of |load_i - load_j| / (2 k^2 mean load); 0 is equal",
           "Gini 1912, Variabilita e mutabilita",
           lambda c: _shared(balance.gini(c.load), c)),
    Metric("max_min", "Largest to smallest", "ratio", 2, "lower", "measure",
           "largest territory / smallest territory; infinite if only the smallest is 0", _OWN,
           lambda c: _shared(balance.max_min(c.load), c), ("compare", "files", "text")),
    Metric("extra_components", "Disconnected areas", "pieces", 0, "lower", "plan",
           "connected pieces beyond one per territory that has units", _TARJAN,
           lambda c: int(np.maximum(c.tally.pieces - 1, 0).sum())),
    Metric("unassigned_units", "Unassigned units", "units", 0, "lower", "plan",
           "number of units without a territory", _OWN,
           lambda c: int(c.free.sum())),
    Metric("unassigned_load", "Unassigned load", "the measure's own", 0, "lower", "measure",
           "sum of the measure over units without a territory", _OWN,
           lambda c: c.weights[c.free].sum(axis=0), ("files",)),
    Metric("unassigned_pct", "Unassigned", "%", 1, "lower", "measure",
           "100 x load of units without a territory / load of all units and of reassigned accounts", _OWN,
           lambda c: _share(c.weights[c.free].sum(axis=0), c.total), ("compare", "files", "text")),
    Metric("territories", "Territories", "territories", 0, "none", "plan",
           "number of territories", _OWN,
           lambda c: c.k, ("compare", "text")),
    Metric("polsby_popper_mean", "Mean compactness", "0 to 1", 2, "higher", "plan",
           "mean of 4 pi area / perimeter^2 (Polsby-Popper) over territories that have units; 1 is a circle", _PP,
           lambda c: _mean(c.tally.polsby_popper, c), inside="compactness"),
    Metric("reock_mean", "Mean Reock compactness", "0 to 1", 2, "higher", "plan",
           "mean of area / area of the smallest circle over territories that have units; 1 is a circle", _REOCK,
           lambda c: _mean(c.reock, c), ("text", "json"), "compactness"),
    Metric("moment_of_inertia_km2", "Mean squared distance to center", "km2", 0, "lower", "plan",
           f"sum of load x distance^2 to the territory's load-weighted center / sum of load, {_ASSIGNED}",
           "Weaver, Hess 1963, Yale Law Journal 73",
           lambda c: _by_distance(shape.moment_of_inertia, c), ("text", "json"), "compactness"),
    Metric("mean_distance_km", "Distance to center", "km", 0, "lower", "plan",
           f"sum of load x straight-line distance to the territory's load-weighted center / sum of load, {_ASSIGNED}",
           "after Hakimi 1964, Operations Research 12 (weighted distance to a median)",
           lambda c: _by_distance(shape.mean_distance_km, c), inside="compactness"),
    Metric("border_km", "Borders between territories", "km", 0, "lower", "plan",
           "length of borders between two territories, or a territory and unassigned units, each counted once",
           "Young 1988, Legislative Studies Quarterly 13 (perimeter test, without the outer border)",
           lambda c: shape.border_km(c.tally.assign, c.units.indptr, c.units.indices, c.units.border_km),
           inside="compactness"),
    Metric("units_pct", "Units moved", "%", 1, "lower", "plan",
           "100 x units of another territory than before / all units", _REALIGN,
           lambda c: 100 * float(c.changed.mean()), ("text", "json"), "disruption"),
    Metric("accounts_pct", "Accounts moved", "%", 1, "lower", "plan",
           "100 x accounts on units of another territory than before / all located accounts", _REALIGN,
           lambda c: float(_share(c.moved_accounts, c.all_accounts)), ("text", "json"), "disruption"),
    Metric("load_pct", "Load moved", "%", 1, "lower", "measure",
           "100 x load on units of another territory than before / load of all units and of reassigned accounts",
           _REALIGN,
           lambda c: _share(c.moved_load, c.total), ("plan", "text", "json"), "disruption"),
)
# fmt: on
_BY_KEY = {m.key: m for m in _ENTRIES}
if len(_BY_KEY) != len(_ENTRIES):
    raise PlanError("two metrics have one key")

METRICS: Mapping[str, Metric] = MappingProxyType(_BY_KEY)
"""Every metric of a plan Terr shows, by key, in the order shown."""


def shown_in(place: str, *, per_territory: bool = False) -> tuple[Metric, ...]:
    """Metrics of one of `PLACES`: those of whole plans, or those of territories."""
    return tuple(m for m in METRICS.values() if place in m.places and m.per_territory == per_territory)


def each_measure(metrics: Iterable[Metric], measures: int) -> list[tuple[Metric, int]]:
    """Metrics and positions of measures: once, or for each measure; those of one measure side by side."""
    out: list[tuple[Metric, int]] = []
    for per_measure, run in groupby(metrics, lambda m: m.per_measure):
        together = tuple(run)
        out += [(m, j) for j in range(measures if per_measure else 1) for m in together]
    return out


@dataclass(frozen=True, eq=False)
class MetricValues:
    """What an evaluation found.

    Attributes:
        values: key -> number, or read-only array of the metric's scope; float64, or int64 of what is counted.
        failures: key -> why there is no value, in plain words.
    """

    values: Mapping[str, Any]
    failures: Mapping[str, str]

    def of(self, metric: Metric, measure: int = 0) -> Any:
        """A metric's number, or array (k,) of territories, for the measure at a position; NaN if there is none."""
        value = self.values.get(metric.key, math.nan)
        return value[..., measure][()] if metric.per_measure and metric.key in self.values else value

    def figure(self, key: str, measure: int = 0) -> float:
        """A figure of the whole plan, for the measure at that position if there are several; NaN if there is none."""
        return float(self.of(METRICS[key], measure))


def evaluate(context: Context, metrics: Iterable[Metric | str] | None = None) -> MetricValues:
    """Computes metrics of one plan. A metric that can't be computed is reported and the others go on.

    Args:
        context: the plan.
        metrics: which, or their keys; None = all.

    Raises:
        PlanError: if there is no metric of a key.
    """
    values: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for wanted in METRICS.values() if metrics is None else metrics:
        metric = METRICS.get(wanted) if isinstance(wanted, str) else wanted
        if metric is None:
            raise PlanError(f'there is no metric "{wanted}"; choose from {", ".join(METRICS)}')
        try:
            value = np.array(metric.compute(context))
            value = value.astype(np.int64 if np.issubdtype(value.dtype, np.integer) else np.float64, copy=False)
        except FAILURES as error:
            failures[metric.key] = str(error) or type(error).__name__
            continue
        if value.shape != metric.shape(context):
            failures[metric.key] = f"{metric.label} should have values for each {metric.scope}, but has {value.shape}"
            continue
        value.setflags(write=False)
        values[metric.key] = value.item() if value.ndim == 0 else value
    return MetricValues(MappingProxyType(values), MappingProxyType(failures))


def columns(context: Context, metrics: Iterable[Metric], *, suffix: bool = False) -> dict[str, NDArray[Any]]:
    """Metrics of territories as columns of a table, arrays (k,); percentages are shares: 0.05 is 5%.

    Args:
        context: the plan.
        metrics: of territories; one that can't be computed is left out.
        suffix: names columns "load_Revenue" where there is a value for each measure; else they are the first measure's.
    """
    chosen = tuple(metrics)
    found = evaluate(context, chosen)
    out = {}
    for metric, j in each_measure(chosen, len(context.measures) if suffix else 1):
        if metric.key in found.values:
            name = f"{metric.column}_{context.measures[j]}" if suffix and metric.per_measure else metric.column
            values = found.of(metric, j)
            out[name] = values / 100 if metric.unit == "%" else values
    return out


def markdown() -> str:
    """The registry as the text of `docs/metrics.md`."""
    lines = [
        "# Metrics",
        "",
        "Every figure Terr shows about a plan, from the registry in `terr/metrics/registry.py`. This page is written",
        "by `python -m terr.metrics > docs/metrics.md`, and a test keeps it so. Where a plan has several measures, the",
        "first one weighs distances. Without targets, each territory's is an equal share of everything. Figures of",
        "balance are missing where there is nothing of a measure to share out.",
    ]
    for m in METRICS.values():
        better = "neither way is better" if m.direction == "none" else f"{m.direction} is better"
        lines += [
            "",
            f"## {m.label}",
            "",
            f"- Key: `{m.key}`, one value for each {m.scope}" if m.scope != "plan" else f"- Key: `{m.key}`, one value",
            f"- Formula: {m.formula}",
            f"- Unit: {m.unit}; {better}",
            f"- Source: {m.source}",
        ]
    return "\n".join(lines) + "\n"
