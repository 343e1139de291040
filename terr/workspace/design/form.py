"""What Generate's drawer opens with, and the tables in it as frames and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from terr.errors import InputError
from terr.workspace.design.planned_territories import PlannedTerritory
from terr.workspace.design.request import SHAPE_WORDS, WORDS
from terr.workspace.plan.plan_settings import asked
from terr.workspace.plan.rules import SHARES, MeasureLimit, UnitGroup, read_groups, read_limits
from terr.workspace.plan.snapshot import PlanSnapshot

MEASURE, LOW, HIGH, COUNTED, HARD = "Measure", "Lowest", "Highest", "Counted in", "Must hold"
OF_TARGET, AS_LOAD = "% of target", "its own unit"
WHO, SHARE = "Territory or rep", "Share of a full territory"


@dataclass(frozen=True)
class DesignForm:
    """Values the drawer's fields start with; see `terr.workspace.design.request.Request` for their meaning."""

    territories: int
    measure: str
    tolerance: float
    names: str = ""
    reps: tuple[str, ...] = ()
    seed: int = 1
    limits: tuple[MeasureLimit, ...] = ()
    balance: str = "Off"
    shape: str = "Medium"
    keep: str = "Off"
    most_moved: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    centred: bool = False
    most_km: float | None = None
    groups: tuple[UnitGroup, ...] = ()
    whole_states: tuple[str, ...] = ()
    unassigned: float = 0.0
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
    same = list(kept.get("base", [])) == base_of(shown)
    measures, ids = shown.accounts.measures, {r.rep_id for r in shown.reps}
    old = str(kept.get("measure", ""))
    states = set(shown.units.region)
    limits = [m for m in read_limits(kept.get("limits")) if m.measure in measures]
    return DesignForm(
        territories=_whole(kept.get("territories"), territories, 1, 500) if same else territories,
        measure=old if same and old in measures else shown.measure,
        tolerance=_number(kept.get("tolerance"), shown.info.tolerance, 0.001, 1.0) if same else shown.info.tolerance,
        names="\n".join(str(n) for n in _list(kept.get("names"))) if same else "",
        reps=tuple(str(r) for r in _list(kept.get("reps")) if r in ids),
        seed=_whole(kept.get("seed"), 1, 1, 10_000),
        limits=tuple(limits),
        balance=_word(kept.get("balance"), WORDS, "Off"),
        shape=_word(kept.get("shape"), SHAPE_WORDS, "Medium"),
        keep=_word(kept.get("keep"), WORDS, "Off"),
        most_moved=_maybe(kept.get("most_moved"), 1.0),
        shares={
            str(k): float(v)
            for k, v in (kept.get("shares") or {}).items()
            if _maybe(v, SHARES[1]) is not None and v >= SHARES[0]
        },
        centred=kept.get("centred") is True,
        most_km=_maybe(kept.get("most_km"), 1e5),
        groups=read_groups(kept.get("groups")),
        whole_states=tuple(str(s) for s in _list(kept.get("whole_states")) if s in states),
        unassigned=_maybe(kept.get("unassigned"), 1.0) or 0.0,
        miles=kept.get("miles") is not False,
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


def shares_frame(slots: Sequence[PlannedTerritory], edited: Mapping[str, float]) -> pd.DataFrame:
    """Slots as the drawer's table of shares, in %."""
    return pd.DataFrame(
        {WHO: [s.label for s in slots], SHARE: [round(100 * edited.get(s.key, usual(s)), 1) for s in slots]}
    )


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
            raise InputError(f"give {slot.label} a share, 100 % is a full territory")
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


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any, words: Sequence[str], usual_one: str) -> str:
    return value if value in words else usual_one


def _maybe(value: Any, most: float) -> float | None:
    ok = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
    return float(value) if ok else None


def _number(value: Any, usual_one: float, least: float, most: float) -> float:
    found = _maybe(value, most)
    return usual_one if found is None or found < least else found


def _whole(value: Any, usual_one: int, least: int, most: int) -> int:
    ok = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    return value if ok else usual_one
