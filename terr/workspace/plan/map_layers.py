"""What else the map can colour: another measure, or what changed hands since the start or against another plan."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.aggregate import drawn_points, unit_codes
from terr.boundaries.layers.catalog import EVERYWHERE, US, geometry_file, layer
from terr.edits.moves import match_codes
from terr.errors import TerrError
from terr.model.accounts import CORE, HIDDEN
from terr.model.books.book_units import BookUnits
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED, area_level, has_accounts
from terr.view.colors import NEUTRAL, TERRITORY_COLORS, color
from terr.view.text import percent, short, unit_noun
from terr.workspace.caches import CacheKind
from terr.workspace.plan.named_accounts import overrides_key
from terr.workspace.plan.plan_settings import TODAY
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
        books: version of the units if some are accounts, drawn as points (see `book_points`); "" else.
    """

    file: str
    region: tuple[str, ...] | None
    words: tuple[str, str]
    approximate: bool
    context: str
    books: str = ""


def plan_shapes(info: ScenarioInfo) -> PlanShapes:
    """The shapes of a plan's units.

    Raises:
        LocateError: if its layer isn't at hand.
    """
    words = (unit_noun(info.level, 1), unit_noun(info.level))
    books = info.units_version if has_accounts(info.level) else ""
    if not area_level(info.level):
        return PlanShapes("", None, words, False, geometry_file("state"), books)
    whole, region = layer(info.level), tuple(info.region)
    every = region == EVERYWHERE or set(region) == set(US) or info.n_units == len(whole)
    return PlanShapes(
        geometry_file(info.level),
        None if every else region,
        words,
        whole.approximate,
        geometry_file("state") if area_level(info.level).startswith("own-") else "",
        books,
    )


def book_points(units: BookUnits) -> dict[str, Any]:
    """Accounts that are units, for the map: `id`, `name`, `state`, `lat` and `lon` in degrees, null where not known."""
    own = units.frame.iloc[units.n_areas :]
    lon, lat = shapely.get_coordinates(own.geometry.to_numpy()).round(4).T
    known = units.drawn[units.n_areas :].tolist()
    return {
        "id": list(units.account_ids),
        "name": own["name"].astype(str).tolist(),
        "state": own["state"].astype(str).tolist(),
        "lat": [v if on else None for v, on in zip(lat.tolist(), known, strict=True)],
        "lon": [(v - 360.0 if v > 170.0 else v) if on else None for v, on in zip(lon.tolist(), known, strict=True)],
    }


def books_of(ws: Workspace, info: ScenarioInfo) -> dict[str, Any]:
    """`book_points` of a plan, {} for one whose units are areas."""
    units = ws.units(info)
    return book_points(units) if isinstance(units, BookUnits) else {}


START = "change:start"
_MOST_PLANS = 12
_MOST_POINTS = 50_000
_MOST_KINDS = 40
_CORE_TITLES = {"owner": "Owner", "state": "State"}
POINT_COLUMNS = CacheKind[str, list[dict[str, str]]]("columns that color points", 1)
"""By the data set's key."""


def choices(ws: Workspace, shown: PlanSnapshot) -> list[dict[str, str]]:
    """{"id", "title"} of everything that can be asked for besides the balanced measure."""
    out = [
        {"id": f"measure:{m}", "title": m}
        for m in shown.accounts.measures
        if m != shown.measure and shown.accounts.total(m) > 0
    ]
    if shown.baseline in ("Generate", "the import"):
        out.append({"id": START, "title": f"Changes since {shown.baseline}"})
    others = [
        other
        for other in ws.store.scenarios.find()
        if other.id != shown.info.id and other.units_version == shown.info.units_version
    ]
    return out + [{"id": f"change:{o.id}", "title": f"Changes against {o.name}"} for o in others[:_MOST_PLANS]]


def territory_rows(
    plan: Plan, reps: Sequence[Rep], colors: Sequence[int], rep_colors: Sequence[int]
) -> list[dict[str, Any]]:
    """`code, name, rep, rep_id, locked, color, rep_color` of each territory, as the map wants them.

    Args:
        plan: the plan.
        reps: the roster.
        colors: palette index of each territory, in plan order.
        rep_colors: palette index of its rep, -1 = none; such a territory is gray.
    """
    names = {r.rep_id: r.name for r in reps}
    return [
        {
            "code": t.code,
            "name": t.name,
            "rep": names.get(t.rep, t.rep),
            "rep_id": t.rep,
            "locked": t.locked,
            "color": color(own),
            "rep_color": color(of_rep) if of_rep >= 0 else NEUTRAL,
        }
        for t, own, of_rep in zip(plan.territories, colors, rep_colors, strict=True)
    ]


def baselines(ws: Workspace, shown: PlanSnapshot) -> dict[str, str]:
    """What a plan can be compared with (see `plan_settings.compared_with`) -> its name for a person."""
    out = {"": "Last Generate or import"}
    if (shown.accounts.frame["owner"].astype(str) != "").any():
        out[TODAY] = "As owned today"
    found = ws.store.scenarios.find(dataset_id=shown.info.dataset_id)
    others = [o for o in found if o.id != shown.info.id and o.units_version == shown.info.units_version]
    return out | {o.id: o.name for o in others[:_MOST_PLANS]}


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


def point_columns(ws: Workspace, shown: PlanSnapshot) -> list[dict[str, str]]:
    """{"id", "title"} of every column that can color the points: 2 to 40 different words, as a segment or stage has."""

    def make() -> list[dict[str, str]]:
        frame = shown.accounts.frame
        known = {*CORE, *HIDDEN, *shown.accounts.measures} - set(_CORE_TITLES)
        some = [c for c in frame.columns if c not in known and not pd.api.types.is_float_dtype(frame[c])]
        few = [c for c in some if 2 <= frame[c].replace("", np.nan).nunique() <= _MOST_KINDS]
        return [{"id": c, "title": _CORE_TITLES.get(c, c)} for c in few]

    return ws.caches[POINT_COLUMNS].get_or_make(shown.data, make)


def _point_groups(some: pd.DataFrame, by: str, measure: str, currency: str) -> dict[str, Any]:
    """What each point's color says: `of`, its group, and `groups` with name, color, and its share of these accounts.

    The eleven most frequent values have a color each; the rest and blank cells share a gray.
    """
    values = some[by].astype(str)
    counts = values[values != ""].value_counts()
    named = list(counts.index[: len(TERRITORY_COLORS) - 1 if len(counts) > len(TERRITORY_COLORS) else None])
    at = {name: i for i, name in enumerate(named)}
    of = values.map(at).fillna(len(named)).astype(int)
    loads, sizes = some[measure].fillna(0.0), np.bincount(of, minlength=len(named) + 1)
    sums, total = np.bincount(of, weights=loads, minlength=len(named) + 1), float(loads.sum()) or 1.0
    rest = "Others" if len(counts) > len(named) else "(blank)"
    groups = [
        {
            "name": name,
            "color": TERRITORY_COLORS[i] if i < len(named) else NEUTRAL,
            "text": f"{sizes[i]:,} · {percent(100 * sizes[i] / max(len(some), 1), 0)}",
            "title": f"{short(float(sums[i]), currency)} {measure}, {percent(100 * sums[i] / total)} of all shown",
        }
        for i, name in enumerate([*named, rest])
        if sizes[i]
    ]
    return {"of": of.tolist(), "groups": groups}


def account_points(shown: PlanSnapshot, only: SegmentFilter | None = None, by: str = "") -> dict[str, Any]:
    """Accounts with a position as points for the map, radius by the square root of the measure; perhaps none.

    Args:
        shown: the plan.
        only: the accounts looked at, None for all.
        by: the column that colors them, one of `point_columns`; "" for none.
    """
    lat, lon = drawn_points(shown.accounts, shown.units)
    by_name = np.full(len(shown.accounts), "", dtype=object)
    names = {t.code: t.name for t in shown.plan.territories}
    by_name[shown.held.rows] = [f" (exception: {names[c]})" for c in shown.held.codes.tolist()]
    here = np.isfinite(lat) & np.isfinite(lon) & ((unit_codes(shown.accounts, shown.units) >= 0) | (by_name != ""))
    some = shown.accounts.frame.assign(lat=lat, lon=lon)[here if only is None else here & only.mask]
    groups = _point_groups(some, by, shown.measure, shown.currency) if by in some else {}
    if len(some) > _MOST_POINTS:  # the largest say most, and a browser should not be sent a million
        if groups:
            groups["of"] = pd.Series(groups["of"], some.index)[
                some[shown.measure].nlargest(_MOST_POINTS).index
            ].tolist()
        some = some.nlargest(_MOST_POINTS, shown.measure)
    values = some[shown.measure].fillna(0.0).clip(lower=0)
    top = float(values.quantile(0.99)) if len(some) else 1.0
    radius = (1.2 + 4.0 * np.sqrt(np.minimum(values / (top or 1.0), 1.0))).round(1)
    return {
        "lat": some["lat"].round(4).tolist(),
        "lon": some["lon"].round(4).tolist(),
        "r": radius.tolist(),
        "row": some.index.tolist(),
        "text": [
            f"{n}: {short(v, shown.currency)}{e}"
            for n, v, e in zip(some["name"], values, by_name[some.index.to_numpy()], strict=True)
        ],
        **groups,
    }
