"""The bound by column generation: territories as columns, priced by what each unit is worth.

    bound(price) = sum price + sum over kinds of count * min over S of (cost of S - price of S)

is a lower bound for all prices (Lagrangian relaxation of "each unit once"; Geoffrion 1974, doi 10.1007/BFb0120690). The
prices come from the dual of the master problem, kept near the best known ones (boxstep: Marsten, Hogan and Blankenship
1975, doi 10.1287/opre.23.3.389). Balanced clustering by columns: du Merle et al. 2000, doi 10.1137/S1064827597328327.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pulp
from numpy.typing import NDArray

from terr.engine.certificate.certificate_model import CertificateModel, Labels
from terr.engine.certificate.knapsack import INF
from terr.engine.models.model import PersistentHiGHS

F = NDArray[np.float64]


class BoxHiGHS(PersistentHiGHS):
    """Also passes changed bounds of variables on to the kept model."""

    def actualSolve(self, lp: pulp.LpProblem, callback: object = None) -> int:  # noqa: N802 (PuLP's name)
        """Solves; called by `LpProblem.solve`."""
        if self.kept is not None:
            v = lp.variables()
            at = np.array([x.index for x in v], np.int32)
            self.kept.changeColsBounds(
                len(v), at, np.array([x.lowBound for x in v], float), np.array([x.upBound for x in v], float)
            )
        return super().actualSolve(lp, callback)


@dataclass(eq=False)
class Columns:
    """Territories met so far, each with the kind it can be.

    Attributes:
        units: int64 index arrays; cost: km2, as `Frame.cost`; kind: index.
    """

    units: list[Labels] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)

    def add(self, kind: int, units: Labels, cost: float) -> bool:
        """Adds one; False if it is there already."""
        key = kind.to_bytes(4, "little") + units.tobytes()
        if key in self.seen:
            return False
        self.seen.add(key)
        self.units.append(units)
        self.cost.append(cost)
        self.kind.append(kind)
        return True

    def trimmed(self, price: F, kinds: int, most: int) -> Columns:
        """At most so many of each kind, those of least cost minus price."""
        out = Columns()
        cost = self._reduced(price)
        of = np.array(self.kind)
        for q in range(kinds):
            mine = np.flatnonzero(of == q)
            for c in mine[np.argsort(cost[mine], kind="stable")][:most].tolist():
                out.add(q, self.units[c], self.cost[c])
        return out

    def least(self, price: F, kinds: int) -> F:
        """(kinds,) least cost minus price of each kind's columns, km2; 1e300 where there is none."""
        out = np.full(kinds, INF)
        if self.units:
            np.minimum.at(out, np.array(self.kind), self._reduced(price))
        return out

    def _reduced(self, price: F) -> F:
        sizes = np.array([len(u) for u in self.units])
        paid = np.add.reduceat(price[np.concatenate(self.units)], np.concatenate([[0], np.cumsum(sizes)[:-1]]))
        out: F = np.array(self.cost) - paid
        return out


class Master:
    """The master's dual as a PuLP model: prices near the best known, one row per column.

    max sum price + sum count * wage   s.t.  price of S + wage of its kind <= cost of S

    The price of a unit is that of `base` plus its scale times the level of its zone, which makes the model small while
    prices are far from good; with one zone per unit it is the whole dual.

    Args:
        frame: the frame.
        columns: grows between solves.
        base: (n,) prices to begin with.
        zone: int64 (n,), zone of each unit.
        scale: (n,) > 0.
    """

    def __init__(self, frame: CertificateModel, columns: Columns, base: F, zone: Labels, scale: F) -> None:
        self.columns, self.base, self.zone, self.scale = columns, base, zone, scale
        self.zones = int(zone.max()) + 1
        self.rows = 0
        self.lp = pulp.LpProblem("prices", pulp.LpMinimize)
        self.level = [self.lp.add_variable(f"u{z}", 0, 0) for z in range(self.zones)]
        big = 100.0 * frame.most + 1.0
        self.wage = [
            self.lp.add_variable(f"k{c}", -big, 0.0 if kind.may_be_empty else big) for c, kind in enumerate(frame.kinds)
        ]
        gain = np.bincount(zone, scale, self.zones)
        self.top = np.full(self.zones, np.inf)  # a unit isn't worth more than leaving it out costs
        np.minimum.at(self.top, zone, (frame.leave - base) / scale)
        self.lp += pulp.LpAffineExpression(
            [(v, -g) for v, g in zip(self.level, gain.tolist(), strict=True)]
            + [(v, -float(len(kind.members))) for v, kind in zip(self.wage, frame.kinds, strict=True)]
        )
        self.solver = BoxHiGHS(threads=1, timeLimit=1e6)

    def solve(self, level: F, width: float, seconds: float) -> tuple[F, float] | None:
        """Levels (zones,) and value with each level within +- width of `level`; None if there is no answer."""
        own = self.columns
        for c in range(self.rows, len(own.units)):
            units = own.units[c]
            zones, back = np.unique(self.zone[units], return_inverse=True)
            weights = np.bincount(back, self.scale[units])
            terms = [(self.level[z], v) for z, v in zip(zones.tolist(), weights.tolist(), strict=True)]
            right = own.cost[c] - float(self.base[units].sum())
            self.lp += pulp.LpAffineExpression([*terms, (self.wage[own.kind[c]], 1.0)]) <= right
        self.rows = len(own.units)
        top = np.maximum(self.top, level)
        for v, at, most in zip(self.level, level.tolist(), top.tolist(), strict=True):
            v.lowBound, v.upBound = at - width, min(at + width, most)
        self.solver.timeLimit = max(0.05, seconds)
        if self.lp.solve(self.solver) != pulp.LpStatusOptimal:
            return None
        out = np.array([v.varValue for v in self.level])
        return out, float(self.base.sum()) - float(pulp.value(self.lp.objective))

    def price(self, level: F) -> F:
        """Prices (n,) at given levels."""
        out: F = self.base + self.scale * level[self.zone]
        return out


def zones(frame: CertificateModel, count: int) -> Labels:
    """Units in zones that lie together: halved across the longer side until there are `count`; int64 (n,)."""
    label = np.zeros(frame.n, np.int64)
    parts = [np.arange(frame.n)]
    while len(parts) < count:
        t = int(np.argmax([len(p) for p in parts]))
        part = parts.pop(t)
        if len(part) < 2:
            parts.append(part)
            break
        x = frame.xy[part]
        order = part[np.argsort(x[:, int(np.ptp(x, axis=0).argmax())], kind="stable")]
        parts += [order[: len(part) // 2], order[len(part) // 2 :]]
    for z, part in enumerate(parts):
        label[part] = z
    return label
