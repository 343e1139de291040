"""The registry: every metric of a plan Terr shows, with its formula, unit, source and direction, in one place.

`docs/metrics.md` is this registry as text (`markdown`), and a test holds the two together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.errors import PlanError, TerrError
from terr.metrics import balance, disruption, shape
from terr.metrics.context import Context

DIRECTIONS = ("lower", "higher", "none")
"""Which way is better."""
SCOPES = ("plan", "territory", "measure", "territory and measure")
"""What there is one value for: a number, an array (k,), (m,) or (k, m)."""
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
OWN = "Terr's own definition"


@dataclass(frozen=True)
class Metric:
    """One entry: what it is called, how it is computed, of what, in what unit, and which way is better.

    Attributes:
        key: stable word for programs.
        label: plain words.
        unit: of its values.
        formula: plain text; the calculation must agree.
        source: where it was defined.
        direction: one of `DIRECTIONS`.
        scope: one of `SCOPES`.
        compute: Context -> float, or float64 array of the scope's shape.
        revision: raised when the calculation changes though its formula reads the same.
    """

    key: str
    label: str
    unit: str
    formula: str
    source: str
    direction: str
    scope: str
    compute: Callable[[Context], Any]
    revision: int = 1

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise PlanError(f'"{self.direction}" is not a direction; say lower, higher or none')
        if self.scope not in SCOPES:
            raise PlanError(f'"{self.scope}" is not what a metric can be of; choose from {", ".join(SCOPES)}')
        for what in ("key", "label", "unit", "formula", "source"):
            if not getattr(self, what).strip():
                raise PlanError(f"a metric needs a {what}")

    @property
    def name(self) -> str:
        """The label, by its former name."""
        return self.label

    @property
    def better(self) -> str:
        """The direction, by its former name."""
        return self.direction

    def shape(self, context: Context) -> tuple[int, ...]:
        """Shape of its value: () is a number."""
        k, m = context.k, len(context.measures)
        return {"plan": (), "territory": (k,), "measure": (m,)}.get(self.scope, (k, m))


def _mean(values: NDArray[np.float64], context: Context) -> float:
    held = context.parts > 0
    return float(values[held].mean()) if held.any() else 0.0


_KNS = "Kalcsics, Nickel, Schroeder 2005, TOP 13 (relative deviation from the mean activity)"
_REALIGN = "after Rios-Mercado, Lopez-Perez 2013, Omega 41 (territories kept in a realignment)"
_TARJAN = "Hopcroft, Tarjan 1973, Communications of the ACM 16 (connected components)"
_PP = "Polsby, Popper 1991, Yale Law & Policy Review 9"
_REOCK = "Reock 1961, Midwest Journal of Political Science 5"

_ENTRIES = (
    Metric(
        "load",
        "Load",
        "the measure's own",
        "sum of the measure over the territory's units",
        OWN,
        "none",
        "territory and measure",
        lambda c: c.load,
    ),
    Metric(
        "deviation_pct",
        "Deviation",
        "%",
        "100 x (load / target - 1); 0 if both are 0",
        _KNS,
        "none",
        "territory and measure",
        lambda c: 100 * c.deviation,
    ),
    Metric(
        "max_deviation_pct",
        "Largest deviation",
        "%",
        "100 x max over territories of |load / target - 1|",
        _KNS,
        "lower",
        "measure",
        lambda c: 100 * balance.max_deviation(c.load, c.goal),
    ),
    Metric(
        "cv_pct",
        "Coefficient of variation",
        "%",
        "100 x standard deviation (over all k, not k - 1) / mean of the territories' loads",
        "Pearson 1896, Philosophical Transactions of the Royal Society A 187",
        "lower",
        "measure",
        lambda c: balance.cv_pct(c.load),
    ),
    Metric(
        "gini",
        "Gini coefficient",
        "0 to 1",
        "sum over all ordered pairs of |load_i - load_j| / (2 k^2 mean load)",
        "Gini 1912, Variabilita e mutabilita",
        "lower",
        "measure",
        lambda c: balance.gini(c.load),
    ),
    Metric(
        "balance_index",
        "Balance index",
        "0 to 100",
        "100 x (1 - mean over territories of |load / target - 1|), at least 0",
        OWN,
        "higher",
        "measure",
        lambda c: balance.balance_index(c.load, c.goal),
    ),
    Metric(
        "max_min",
        "Largest to smallest",
        "ratio",
        "largest load / smallest load; infinite if only the smallest is 0",
        OWN,
        "lower",
        "measure",
        lambda c: balance.max_min(c.load),
    ),
    Metric(
        "unassigned_units",
        "Unassigned units",
        "units",
        "number of units without a territory",
        OWN,
        "lower",
        "plan",
        lambda c: float((c.slots < 0).sum()),
    ),
    Metric(
        "unassigned_load",
        "Unassigned load",
        "the measure's own",
        "sum of the measure over units without a territory",
        OWN,
        "lower",
        "measure",
        lambda c: c.weights[c.slots < 0].sum(axis=0),
    ),
    Metric(
        "components",
        "Pieces",
        "pieces",
        "connected pieces of the territory by shared borders and bridges",
        _TARJAN,
        "lower",
        "territory",
        lambda c: c.parts.astype(np.float64),
    ),
    Metric(
        "extra_components",
        "Extra pieces",
        "pieces",
        "connected pieces beyond one per territory that has units",
        _TARJAN,
        "lower",
        "plan",
        lambda c: float(np.maximum(c.parts - 1, 0).sum()),
    ),
    Metric(
        "polsby_popper",
        "Polsby-Popper compactness",
        "0 to 1",
        "4 pi area / perimeter^2",
        _PP,
        "higher",
        "territory",
        lambda c: c.polsby_popper,
    ),
    Metric(
        "polsby_popper_mean",
        "Mean Polsby-Popper compactness",
        "0 to 1",
        "mean of 4 pi area / perimeter^2 over territories that have units",
        _PP,
        "higher",
        "plan",
        lambda c: _mean(c.polsby_popper, c),
    ),
    Metric(
        "reock",
        "Reock compactness",
        "0 to 1",
        "area / area of the smallest circle around the territory",
        _REOCK,
        "higher",
        "territory",
        lambda c: c.reock,
    ),
    Metric(
        "reock_mean",
        "Mean Reock compactness",
        "0 to 1",
        "mean of area / area of the smallest circle over territories that have units",
        _REOCK,
        "higher",
        "plan",
        lambda c: _mean(c.reock, c),
    ),
    Metric(
        "moment_of_inertia_km2",
        "Moment of inertia",
        "km2",
        "sum of load x distance^2 to the territory's load-weighted centre / sum of load, assigned units only (each "
        "weighs 1 if none has a load)",
        "Weaver, Hess 1963, Yale Law Journal 73",
        "lower",
        "plan",
        lambda c: shape.moment_of_inertia(c.slots, np.asarray(c.units.xy_km), c.weights[:, 0], c.k),
    ),
    Metric(
        "mean_distance_km",
        "Mean distance",
        "km",
        "sum of load x straight-line distance to the territory's load-weighted centre / sum of load, assigned units "
        "only (each weighs 1 if none has a load)",
        "after Hakimi 1964, Operations Research 12 (weighted distance to a median)",
        "lower",
        "plan",
        lambda c: shape.mean_distance_km(c.slots, np.asarray(c.units.xy_km), c.weights[:, 0], c.k),
    ),
    Metric(
        "border_km",
        "Inner border",
        "km",
        "length of borders between two territories, or a territory and unassigned units, each counted once",
        "Young 1988, Legislative Studies Quarterly 13 (perimeter test, without the outer border)",
        "lower",
        "plan",
        lambda c: shape.border_km(c.slots, c.units.indptr, c.units.indices, c.units.border_km),
    ),
    Metric(
        "units_pct",
        "Units that move",
        "%",
        "100 x units with another territory than before / all units",
        _REALIGN,
        "lower",
        "plan",
        lambda c: disruption.units_pct(c.earlier(), c.slots),
    ),
    Metric(
        "accounts_pct",
        "Accounts that move",
        "%",
        "100 x accounts on units with another territory than before / located accounts",
        _REALIGN,
        "lower",
        "plan",
        lambda c: disruption.accounts_pct(c.earlier(), c.slots, c.counts()),
    ),
    Metric(
        "load_pct",
        "Load that moves",
        "%",
        "100 x load on units with another territory than before / load of all units",
        _REALIGN,
        "lower",
        "measure",
        lambda c: disruption.load_pct(c.earlier(), c.slots, c.weights),
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType({m.key: m for m in _ENTRIES})
"""Every metric of a plan Terr shows, by key, in the order shown."""
if len(METRICS) != len(_ENTRIES):
    raise PlanError("two metrics have one key")


@dataclass(frozen=True, eq=False)
class MetricValues:
    """What an evaluation found.

    Attributes:
        values: key -> float, or read-only float64 array of the metric's scope.
        failures: key -> why there is no value, in plain words.
        version: of the registry it was computed with.
    """

    values: Mapping[str, Any]
    failures: Mapping[str, str]
    version: str


def evaluate(
    context: Context, keys: Iterable[str] | None = None, *, metrics: Mapping[str, Metric] = METRICS
) -> MetricValues:
    """Computes metrics of one plan. A metric that can't be computed is reported and the others go on.

    Args:
        context: the plan.
        keys: which; None = all.
        metrics: the registry.

    Raises:
        PlanError: if there is no metric of a key.
    """
    wanted = tuple(metrics if keys is None else keys)
    unknown = [key for key in wanted if key not in metrics]
    if unknown:
        raise PlanError(f'there is no metric "{unknown[0]}"; choose from {", ".join(metrics)}')
    values: dict[str, Any] = {}
    failures: dict[str, str] = {}
    for key in wanted:
        metric = metrics[key]
        try:
            value = np.array(metric.compute(context), np.float64)
        except FAILURES as error:
            failures[key] = str(error) or type(error).__name__
            continue
        if value.shape != metric.shape(context):
            failures[key] = f"{metric.label} should have values for each {metric.scope}, but has {value.shape}"
            continue
        value.setflags(write=False)
        values[key] = float(value) if value.ndim == 0 else value
    return MetricValues(MappingProxyType(values), MappingProxyType(failures), version(metrics))


def version(metrics: Mapping[str, Metric] = METRICS) -> str:
    """12 hexadecimal digits that change with any key, label, unit, formula, source, direction, scope or revision.

    Keep it beside stored figures: equal versions mean figures computed the same way.
    """
    text = "\n".join(
        "\t".join((m.key, m.label, m.unit, m.formula, m.source, m.direction, m.scope, str(m.revision)))
        for m in metrics.values()
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def markdown(metrics: Mapping[str, Metric] = METRICS) -> str:
    """The registry as the text of `docs/metrics.md`."""
    lines = [
        "# Metrics",
        "",
        "Every figure Terr shows about a plan, from the registry in `terr/metrics/registry.py`. This page is written",
        "by `python -m terr.metrics > docs/metrics.md`, and a test keeps it so. Where a plan has several measures, the",
        "first one weighs distances. Without targets, each territory's is an equal share of all units' load.",
        "",
        f"Version {version(metrics)}",
    ]
    for m in metrics.values():
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
