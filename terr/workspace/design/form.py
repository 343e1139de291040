"""What Generate's drawer opens with, and the tables in it as frames and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import pandas as pd
from msgspec import Meta

from terr.errors import InputError
from terr.model.json_values import readable
from terr.workspace.design.planned_territories import PlannedTerritory
from terr.workspace.design.request import Priority, ShapePriority
from terr.workspace.plan import paste_units
from terr.workspace.plan.plan_settings import asked
from terr.workspace.plan.rules import SHARES, MeasureLimit, UnitGroup
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.plan.tolerance import Sides

MEASURE, LOW, HIGH, COUNTED, HARD = "Measure", "Lowest", "Highest", "Counted in", "Must hold"
OF_TARGET, AS_LOAD = "% of target", "its own amount"
WHO, SHARE, START = "Territory or rep", "Share of a full territory", "Starts around"
SIDE_WORDS = {"both": "Above and below the target", "over": "Only above the target", "under": "Only below the target"}
LIMIT_LABELS = {
    "both": "Limit (± % of target)",
    "over": "Limit (% over target)",
    "under": "Limit (% under target)",
}
_Part = Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True)
class DesignForm:
    """Values the drawer's fields start with; see `terr.workspace.design.request.Request` for their meaning."""

    territories: Annotated[int, Meta(ge=1, le=500)]
    measure: str
    tolerance: Annotated[float, Meta(ge=0.001, le=1)]
    names: str = ""
    reps: tuple[str, ...] = ()
    seed: Annotated[int, Meta(ge=1, le=10_000)] = 1
    limits: tuple[MeasureLimit, ...] = ()
    balance: Priority = "Medium"
    shape: ShapePriority = "Medium"
    keep: Priority = "Off"
    most_moved: _Part | None = None
    shares: Mapping[str, Annotated[float, Meta(ge=SHARES[0], le=SHARES[1])]] = field(default_factory=dict)
    centred: bool = False
    most_km: Annotated[float, Meta(ge=0, le=1e5)] | None = None
    groups: tuple[UnitGroup, ...] = ()
    whole_states: tuple[str, ...] = ()
    unassigned: _Part = 0.0
    sides: Sides = "both"
    starts: Mapping[str, str] = field(default_factory=dict)
    miles: bool = True


def base_of(shown: PlanSnapshot) -> list[Any]:
    """What the plan itself says; a draft made on something else gives way to it."""
    return [shown.measure, shown.info.tolerance, len(shown.plan.territories)]


def draft_of(shown: PlanSnapshot, territories: int) -> DesignForm:
    """What was asked last, where it still fits the plan and the data; else the plan's own values.

    Args:
        shown: the plan.
        territories: how many to offer if nothing was asked.
    """
    kept = asked(shown.info)
    found = readable(DesignForm, kept, names=tuple[str, ...])
    if kept.get("base") != base_of(shown):
        found = {k: v for k, v in found.items() if k not in {"territories", "measure", "tolerance", "names"}}
    measures, ids, states = set(shown.accounts.measures), {r.rep_id for r in shown.reps}, set(shown.units.region)
    if found.get("measure") not in measures:
        found.pop("measure", None)
    usual = DesignForm(territories, shown.measure, shown.info.tolerance)
    opened = replace(usual, **{**found, "names": "\n".join(found.get("names", ()))})
    return replace(
        opened,
        reps=tuple(r for r in opened.reps if r in ids),
        limits=tuple(m for m in opened.limits if m.measure in measures),
        whole_states=tuple(s for s in opened.whole_states if s in states),
    )


def limits_frame(limits: Sequence[MeasureLimit]) -> pd.DataFrame:
    """Further limits as the drawer's table: shares in %, loads as they are."""
    rows = [
        {
            MEASURE: m.measure,
            LOW: _times(m.low, m),
            HIGH: _times(m.high, m),
            COUNTED: AS_LOAD if m.as_load else OF_TARGET,
            HARD: m.hard,
        }
        for m in limits
    ]
    frame = pd.DataFrame(rows, columns=[MEASURE, LOW, HIGH, COUNTED, HARD])
    return frame.astype({MEASURE: object, LOW: float, HIGH: float, COUNTED: object, HARD: bool})


def limits_from(frame: pd.DataFrame) -> tuple[MeasureLimit, ...]:
    """The table's rows as limits; a row without a measure isn't one yet, and one without numbers is a wish.

    Raises:
        InputError: for numbers that can't be a limit.
    """
    out = []
    for row in frame.to_dict("records"):
        measure = row[MEASURE]
        if not isinstance(measure, str) or not measure:
            continue
        load = row[COUNTED] == AS_LOAD
        low, high = (_side(row[c], load) for c in (LOW, HIGH))
        hard = row[HARD] is not False and row[HARD] == row[HARD]
        out.append(MeasureLimit(measure, low, high, load, hard if row[HARD] is not None else True))
    return tuple(out)


def shares_frame(
    slots: Sequence[PlannedTerritory], edited: Mapping[str, float], starts: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Slots as the drawer's table: shares in %, and the units they start around."""
    return pd.DataFrame(
        {
            WHO: [s.label for s in slots],
            SHARE: [round(100 * edited.get(s.key, usual(s)), 1) for s in slots],
            START: [(starts or {}).get(s.key, "") for s in slots],
        }
    )


def starts_from(
    frame: pd.DataFrame, slots: Sequence[PlannedTerritory], shown: PlanSnapshot
) -> tuple[tuple[str, str], ...]:
    """Ids of the units to start around, by the slot's key.

    Raises:
        InputError: for an entry that isn't one unit of the plan, by id or name.
    """
    out = []
    for slot, text in zip(slots, frame[START].fillna("").astype(str).tolist(), strict=True):
        found = paste_units.in_plan(shown, text).units if text.strip() else None
        if found is not None and len(found) != 1:
            raise InputError(f'"{text}" can\'t start {slot.label}: give one id, such as {shown.units.ids[0]}')
        if found:
            out.append((slot.key, shown.units.ids[found[0]]))
    return tuple(out)


def usual(slot: PlannedTerritory) -> float:
    """The share of a slot nobody changed: a rep's capacity, else a full one."""
    return slot.rep.capacity if slot.rep is not None else 1.0


def shares_from(frame: pd.DataFrame, slots: Sequence[PlannedTerritory]) -> tuple[tuple[str, float], ...]:
    """Shares that were changed by hand, by the slot's key.

    Raises:
        InputError: for an empty cell.
    """
    out = []
    for slot, value in zip(slots, frame[SHARE].tolist(), strict=True):
        if value is None or not math.isfinite(float(value)):
            raise InputError(f"enter a share for {slot.label}; 100% is a full territory")
        share = float(value) / 100
        if abs(share - usual(slot)) > 1e-9:
            out.append((slot.key, share))
    return tuple(out)


def _times(value: float | None, one: MeasureLimit) -> float:
    if value is None:
        return math.nan
    return value if one.as_load else round(100 * value, 6)


def _side(value: Any, load: bool) -> float | None:
    if value is None or not math.isfinite(float(value)):
        return None
    return float(value) if load else float(value) / 100
