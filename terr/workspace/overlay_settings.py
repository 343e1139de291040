"""Overlays in settings: a plan of a second role over the same accounts as a field plan, and the field plan's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from terr.errors import InputError
from terr.model.json_values import readable
from terr.model.reps import REP_ROLES, Rep
from terr.model.scenario import ScenarioInfo

OVERLAY = "overlay"
"""Under this name an overlay's settings keep whose it is (`OverlayOf`)."""
OVERLAYS = "overlays"
"""Under this name a field plan's settings keep the ids of its overlays, in the order they were added."""
LONGEST_ROLE = 40
FIELD = "Field"
"""What the role of a plan that is no overlay is called."""


@dataclass(frozen=True)
class OverlayOf:
    """Whose overlay a plan is.

    Attributes:
        role: as a person wrote it, such as "SDR"; over: id of the field plan.
    """

    role: str = ""
    over: str = ""


def overlay_of(info: ScenarioInfo) -> OverlayOf | None:
    """Whose overlay a plan is; None for a field plan."""
    kept = OverlayOf(**readable(OverlayOf, info.settings.get(OVERLAY)))
    return kept if kept.role and kept.over else None


def overlay_ids(info: ScenarioInfo) -> tuple[str, ...]:
    """Ids of a field plan's overlays, some of which may be deleted."""
    kept = info.settings.get(OVERLAYS)
    return tuple(dict.fromkeys(str(v) for v in kept)) if isinstance(kept, list) else ()


def role_name(info: ScenarioInfo) -> str:
    """The role whose territories a plan holds: "Field", or that of the overlay."""
    own = overlay_of(info)
    return FIELD if own is None else own.role


def checked_role(role: str) -> str:
    """The name of an overlay's role, without spaces around it.

    Raises:
        InputError: if it is blank, too long, or the field's own.
    """
    clean = " ".join(role.split())
    if not clean or len(clean) > LONGEST_ROLE:
        raise InputError(f"a role needs a name of 1 to {LONGEST_ROLE} characters, such as SDR or Cloud specialist")
    if clean.casefold() in {"rep", "reps", FIELD.casefold()}:
        raise InputError(f'"{clean}" is the role of the field plan itself; name the second role, such as SDR')
    return clean


def team_of(info: ScenarioInfo, reps: Sequence[Rep]) -> tuple[Rep, ...]:
    """Those of a roster who can be given territories of a plan: in an overlay people of its role, else its reps."""
    own = overlay_of(info)
    return tuple(r for r in reps if r.covers) if own is None else people_of_role(own.role, reps)


def people_of_role(role: str, reps: Sequence[Rep]) -> tuple[Rep, ...]:
    """Those of a roster who can have territories of a second role.

    People of the role, where its name has one of `REP_ROLES` in it and the roster such people; else everybody active
    but managers and field reps, or everybody active if nobody else is.
    """
    active = [r for r in reps if r.active]
    kinds = [k for k in REP_ROLES if k not in {"rep", "manager"} and k.casefold() in role.casefold()]
    return (
        tuple(r for r in active if r.role in kinds)
        or tuple(r for r in active if r.role not in {"rep", "manager"})
        or tuple(active)
    )
