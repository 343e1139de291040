"""Who covers an account in each role: a field plan with its overlays, read together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import account_codes, measure_values, unit_codes
from terr.errors import LocateError, TerrError
from terr.model.accounts import Accounts
from terr.model.books.book_units import BookUnits
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED
from terr.workspace.accounts.dataset import dataset
from terr.workspace.caches import CacheKind
from terr.workspace.overlay_settings import FIELD, overlay_ids, overlay_of, role_name
from terr.workspace.plan.named_accounts import overrides_key
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.workspace import Workspace


def field_plan(ws: Workspace, info: ScenarioInfo) -> ScenarioInfo | None:
    """The field plan of an overlay, a field plan itself; None if it is deleted, or isn't this person's to see."""
    own = overlay_of(info)
    if own is None:
        return info
    try:
        return ws.store.scenarios.get(own.over)
    except LocateError:
        return None


def overlays_of(ws: Workspace, field: ScenarioInfo) -> tuple[ScenarioInfo, ...]:
    """The overlays of a field plan, in the order they were added, without those that are deleted."""
    out = []
    for one in overlay_ids(field):
        try:
            info = ws.store.scenarios.get(one)
        except LocateError:
            continue
        if overlay_of(info) is not None:
            out.append(info)
    return tuple(out)


def roles_together(ws: Workspace, info: ScenarioInfo) -> tuple[ScenarioInfo, ...]:
    """The field plan and its overlays, whichever of them is given; an overlay that isn't in use stands last."""
    field = field_plan(ws, info)
    if field is None:
        return (info,)
    found = (field, *overlays_of(ws, field))
    return found if info.id in {f.id for f in found} else (*found, info)


@dataclass(frozen=True, eq=False)
class RoleCover:
    """Who covers accounts in one role.

    Attributes:
        role: its name.
        territory, rep: texts of each account, "" where nobody of this role has it; rep_id: ids of those reps.
        covered: bool (n,), the account is in one of the role's layers, though perhaps in no territory yet.
        twice: bool (n,), it is in two overlays of this role; the first one counts.
    """

    role: str
    territory: NDArray[np.object_]
    rep: NDArray[np.object_]
    rep_id: NDArray[np.object_]
    covered: NDArray[np.bool_]
    twice: NDArray[np.bool_]


def covers(ws: Workspace, shown: PlanSnapshot, *, own: bool = False) -> tuple[RoleCover, ...]:
    """Who has each of a plan's accounts in the other roles, the field first.

    Args:
        shown: a field plan or an overlay; a plan of another extract is matched by account_id.
        own: the plan's own role too.
    """
    info = shown.info
    mine = role_name(info).casefold()
    by_role: dict[str, list[ScenarioInfo]] = {}
    for one in roles_together(ws, info):
        if own or (one.id != info.id and role_name(one).casefold() != mine):
            by_role.setdefault(role_name(one).casefold(), []).append(one)
    out = []
    for plans in by_role.values():
        found = [c for c in (_cover(ws, one, shown) for one in plans) if c is not None]
        if found:
            out.append(_joined(role_name(plans[0]), found))
    return tuple(out)


@dataclass(frozen=True, eq=False)
class _Cover:
    territory: NDArray[np.object_]
    rep: NDArray[np.object_]
    rep_id: NDArray[np.object_]
    covered: NDArray[np.bool_]


_COVERS = CacheKind[tuple[object, ...], _Cover]("covers of roles", 8)
"""By plan, revision, its accounts, exceptions and roster, and the accounts asked for."""


def _cover(ws: Workspace, info: ScenarioInfo, asked: PlanSnapshot) -> _Cover | None:
    """Of one plan; None where it can't be opened, as its boundaries are gone."""
    try:
        shown = plan_snapshot(ws, info.id)
    except TerrError:
        return None
    key = (info.id, shown.rev, shown.data, overrides_key(shown.held), shown.reps, asked.data)
    found = ws.caches[_COVERS].get(key)
    if found is None:
        found = ws.caches[_COVERS].put(key, _read_cover(shown, None if shown.data == asked.data else asked.accounts))
    return found


def _read_cover(shown: PlanSnapshot, other: Accounts | None) -> _Cover:
    codes = account_codes(shown.accounts, shown.units, shown.plan, held=shown.held)
    inside = (unit_codes(shown.accounts, shown.units) >= 0) | (codes != UNASSIGNED)
    ids = shown.accounts.frame["account_id"].astype(str)
    if other is not None:
        wanted = other.frame["account_id"].astype(str)
        at = pd.Series(np.arange(len(ids)), index=ids.to_numpy())
        at = at[~at.index.duplicated()].reindex(wanted).to_numpy(dtype=np.float64)
        known = np.isfinite(at)
        rows = np.where(known, at, 0).astype(np.int64)
        codes = np.where(known, codes[rows], UNASSIGNED)
        inside = known & inside[rows]
    names = {r.rep_id: r.name for r in shown.reps}
    size = max([2, *(c + 2 for c in shown.plan.codes)])
    words = {k: np.full(size, "", dtype=object) for k in ("territory", "rep", "rep_id")}  # the last one is picked by -1
    for t in shown.plan.territories:
        words["territory"][t.code], words["rep"][t.code], words["rep_id"][t.code] = (
            t.name,
            names.get(t.rep, t.rep),
            t.rep,
        )
    return _Cover(words["territory"][codes], words["rep"][codes], words["rep_id"][codes], inside)


def _joined(role: str, found: Sequence[_Cover]) -> RoleCover:
    first = found[0]
    territory, rep, rep_id = first.territory.copy(), first.rep.copy(), first.rep_id.copy()
    covered, twice = first.covered.copy(), np.zeros(len(first.covered), dtype=np.bool_)
    for one in found[1:]:
        twice |= covered & one.covered
        new = one.covered & ~covered
        for mine, theirs in ((territory, one.territory), (rep, one.rep), (rep_id, one.rep_id)):
            mine[new] = theirs[new]
        covered |= one.covered
    return RoleCover(role, territory, rep, rep_id, covered, twice)


def role_columns(ws: Workspace, shown: PlanSnapshot) -> dict[str, NDArray[np.object_]]:
    """Columns for files of accounts: "SDR territory" and "SDR rep" for each other role of a plan; {} without one."""
    out: dict[str, NDArray[np.object_]] = {}
    for one in covers(ws, shown):
        out |= {f"{one.role} territory": one.territory, f"{one.role} rep": one.rep}
    return out


@dataclass(frozen=True)
class LayerSum:
    """What one layer of a role holds: its name, number of accounts, and the sum of the measure."""

    name: str
    accounts: int
    amount: float


@dataclass(frozen=True)
class RoleSums:
    """Accounts of a data set in one role: every account is in exactly one line.

    Attributes:
        role: its name; plans: names of the plans that make it up.
        layers: of all of them, in order.
        uncovered: what no layer of this role has.
        twice: accounts in two plans of this role; they are counted in the first.
    """

    role: str
    plans: tuple[str, ...]
    layers: tuple[LayerSum, ...]
    uncovered: LayerSum
    twice: int


def role_sums(ws: Workspace, info: ScenarioInfo, measure: str) -> tuple[RoleSums, ...]:
    """Each role's accounts by layer, the field first; every role adds up to the data set of the field plan.

    Raises:
        InputError: if the measure isn't one of the accounts'.
        LocateError: if the data set isn't found.
    """
    field = field_plan(ws, info) or info
    accounts = dataset(ws, field.dataset_id).accounts
    values = measure_values(accounts, (measure,))[:, 0]
    by_role: dict[str, list[ScenarioInfo]] = {}
    for one in roles_together(ws, field):
        by_role.setdefault(role_name(one).casefold(), []).append(one)
    out = []
    for plans in by_role.values():
        free = np.ones(len(accounts), dtype=np.bool_)
        twice, layers = 0, []
        for one in plans:
            try:
                units = ws.units(one)
            except TerrError:
                continue
            at = unit_codes(accounts, units)
            twice += int(((at >= 0) & ~free).sum())
            mine = np.where(free, at, -1)
            of = units.layer_of if isinstance(units, BookUnits) else np.zeros(len(units), dtype=np.int16)
            names = units.layers if isinstance(units, BookUnits) else (one.name,)
            layer = np.append(of, -1)[np.maximum(mine, -1)]
            for k in np.unique(of).tolist():
                here = layer == k
                title = names[k] if len(plans) == 1 else f"{one.name}: {names[k]}"
                layers.append(LayerSum(title, int(here.sum()), float(values[here].sum())))
            free &= at < 0
        rest = LayerSum("Not covered", int(free.sum()), float(values[free].sum()))
        out.append(RoleSums(role_name(plans[0]), tuple(p.name for p in plans), tuple(layers), rest, twice))
    return tuple(out)


def cover_fields(ws: Workspace, shown: PlanSnapshot, row: int) -> list[tuple[str, str]]:
    """Who has an account in the other roles, for its card: ("SDR", "Dana Ruiz, West")."""
    out = []
    for one in covers(ws, shown):
        if not one.covered[row]:
            out.append((one.role, "not covered"))
        else:
            who = ", ".join(v for v in (str(one.rep[row]), str(one.territory[row])) if v)
            out.append((one.role, who or "no territory yet"))
    return out


def twice_words(ws: Workspace, info: ScenarioInfo) -> list[str]:
    """Roles with accounts in two of their overlays by now, as an update of the accounts can bring it about."""
    field = field_plan(ws, info)
    if field is None or len(overlay_ids(field)) < 2:
        return []
    found: list[str] = []
    for one in covers(ws, plan_snapshot(ws, field.id)):
        if n := int(one.twice.sum()):
            what = "1 account is" if n == 1 else f"{n:,} accounts are"
            found.append(
                f"{what} in two {one.role} overlays; the first one counts. Change a rule, or remove one overlay."
            )
    return found


def is_field(info: ScenarioInfo) -> bool:
    """Whether a plan is of the field, not of a second role."""
    return role_name(info) == FIELD


def switch_names(ws: Workspace, info: ScenarioInfo) -> dict[str, str]:
    """Id -> what to call each of a plan's roles in a switch; {} for a plan without overlays."""
    found = roles_together(ws, info)
    if len(found) < 2:
        return {}
    roles = [role_name(one) for one in found]
    pairs = zip(found, roles, strict=True)
    return {one.id: role if roles.count(role) == 1 else f"{role}: {one.name}" for one, role in pairs}
