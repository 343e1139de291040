"""What else the map can colour: another measure, or what changed hands since the start or against another plan."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import drawn_points, unit_codes
from terr.boundaries.layers.catalog import EVERYWHERE, US, geometry_file, layer
from terr.edits.moves import match_codes
from terr.errors import TerrError
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED
from terr.view.text import short, unit_noun
from terr.workspace.plan.named_accounts import overrides_key
from terr.workspace.plan.segment_filter import SegmentFilter
from terr.workspace.plan.snapshot import PlanSnapshot, per_unit
from terr.workspace.workspace import Workspace


@dataclass(frozen=True)
class PlanShapes:
    """What the shapes of a plan's units are drawn from.

    Attributes:
        file: name of the file of shapes, as the app serves it; region: states to draw, None = all of the layer.
        words: what one unit is called, and several; approximate: the shapes are an estimate.
        context: file of shapes to draw behind them, "" for none.
    """

    file: str
    region: tuple[str, ...] | None
    words: tuple[str, str]
    approximate: bool
    context: str


def plan_shapes(info: ScenarioInfo) -> PlanShapes:
    """The shapes of a plan's units.

    Raises:
        LocateError: if its layer isn't at hand.
    """
    whole, region = layer(info.level), tuple(info.region)
    every = region == EVERYWHERE or set(region) == set(US) or info.n_units == len(whole)
    return PlanShapes(
        geometry_file(info.level),
        None if every else region,
        (unit_noun(info.level, 1), unit_noun(info.level)),
        whole.approximate,
        geometry_file("state") if info.level.startswith("own-") else "",
    )


START = "change:start"
_MOST_PLANS = 12
_MOST_POINTS = 50_000


def choices(ws: Workspace, shown: PlanSnapshot) -> list[dict[str, str]]:
    """{"id", "title"} of everything that can be asked for besides the balanced measure."""
    out = [
        {"id": f"measure:{m}", "title": m}
        for m in shown.accounts.measures
        if m != shown.measure and shown.accounts.total(m) > 0
    ]
    if shown.baseline:
        out.append({"id": START, "title": f"Changes since {shown.baseline.removeprefix('when ')}"})
    others = [
        other
        for other in ws.store.scenarios.find()
        if other.id != shown.info.id and other.units_version == shown.info.units_version
    ]
    return out + [{"id": f"change:{o.id}", "title": f"Changes against {o.name}"} for o in others[:_MOST_PLANS]]


def piece(ws: Workspace, shown: PlanSnapshot, wanted: str) -> dict[str, Any] | None:
    """What a choice needs on the map, with a `version`; None if it isn't among `choices` any more.

    A measure: `values` per unit, in the measure's own unit. A change: per territory of the other plan `names` and
    `codes` (which territory of this plan it has become, -2 = none of them), and `slots`, int16 (n_units,), which of
    those each unit was in, -1 = none.
    """
    title = {c["id"]: c["title"] for c in choices(ws, shown)}.get(wanted)
    if title is None:
        return None
    kind, _, name = wanted.partition(":")
    if kind == "measure":
        loads, _ = per_unit(ws, shown.info, name)
        return {
            "kind": "measure",
            "id": wanted,
            "title": name,
            "values": figures(loads),
            "currency": dict(shown.accounts.currency).get(name, ""),
            "version": _version(wanted, shown.data, shown.units.version, overrides_key(shown.held)),
        }
    try:
        other, mark, codes = _start(ws, shown) if wanted == START else _other(ws, shown, name)
    except TerrError:  # deleted in another window in this very moment
        return None
    return {
        "kind": "change",
        "id": wanted,
        "title": title.removeprefix("Changes "),
        "names": [t.name for t in other.territories],
        "codes": codes,
        "slots": other.slots(),
        "version": _version(wanted, mark, codes),
    }


def _start(ws: Workspace, shown: PlanSnapshot) -> tuple[Plan, str, list[int]]:
    """The plan as it was generated or imported last; its territories are those of today by their codes."""
    history = ws.store.edits.history(shown.info.id)
    steps = {s.id: s for s in history.steps}
    at = next(i for i in reversed(history.trail(shown.info.head)) if steps[i].kind in {"design", "import"})
    plan = ws.store.plans.at(shown.info.id, at)
    now = set(shown.plan.codes)
    return plan, str(at), [c if c in now else -2 for c in plan.codes]


def _other(ws: Workspace, shown: PlanSnapshot, scenario_id: str) -> tuple[Plan, str, list[int]]:
    """Another plan on the same units; its territories are matched to those of this one that share most with them."""
    plan, rev = ws.plan(scenario_id)
    matched = match_codes(shown.plan, plan.slots(), len(plan.territories), weights=shown.loads)
    return plan, str(rev), [int(c) if c != UNASSIGNED else -2 for c in matched.tolist()]


def _version(*parts: object) -> str:
    return f"{zlib.crc32(repr(parts).encode()):08x}"


def figures(values: NDArray[np.float64]) -> list[float]:
    """Numbers short enough to send by the ten thousand: two places, whole ones without."""
    rounded = np.round(np.nan_to_num(values), 2)
    return [int(v) if v == int(v) else v for v in rounded.tolist()]


def account_points(shown: PlanSnapshot, only: SegmentFilter | None = None) -> dict[str, Any]:
    """Accounts with a position as points for the map, radius by the square root of the measure; perhaps none.

    Args:
        shown: the plan.
        only: the accounts looked at, None for all.
    """
    lat, lon = drawn_points(shown.accounts, shown.units)
    by_name = np.full(len(shown.accounts), "", dtype=object)
    names = {t.code: t.name for t in shown.plan.territories}
    by_name[shown.held.rows] = [f" (exception: {names[c]})" for c in shown.held.codes.tolist()]
    here = np.isfinite(lat) & np.isfinite(lon) & ((unit_codes(shown.accounts, shown.units) >= 0) | (by_name != ""))
    some = shown.accounts.frame.assign(lat=lat, lon=lon)[here if only is None else here & only.mask]
    if len(some) > _MOST_POINTS:  # the largest say most, and a browser should not be sent a million
        some = some.nlargest(_MOST_POINTS, shown.measure)
    values = some[shown.measure].fillna(0.0).clip(lower=0)
    top = float(values.quantile(0.99)) if len(some) else 1.0
    radius = (1.2 + 4.0 * np.sqrt(np.minimum(values / (top or 1.0), 1.0))).round(1)
    return {
        "lat": some["lat"].round(4).tolist(),
        "lon": some["lon"].round(4).tolist(),
        "r": radius.tolist(),
        "text": [
            f"{n}: {short(v, shown.currency)}{e}"
            for n, v, e in zip(some["name"], values, by_name[some.index.to_numpy()], strict=True)
        ],
    }
