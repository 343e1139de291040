"""As owned today: a plan from the owner column, with the areas each owner mostly has and the other accounts by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import unit_codes
from terr.edits import moves
from terr.edits.applied import clean_name
from terr.edits.colors import choose_colors
from terr.errors import InputError
from terr.matching.owners import OwnerQuestion, owners_of
from terr.model.books.plan_layers import PlanLayer
from terr.model.edit import Edit
from terr.model.person import Person
from terr.model.plan import MAX_TERRITORIES, Plan
from terr.model.scenario import ScenarioInfo
from terr.store import ExceptionRequest
from terr.view.text import count, short
from terr.workspace.accounts.dataset import Dataset, dataset
from terr.workspace.plan import editing
from terr.workspace.plan.plan_settings import OWNERS, save_setting
from terr.workspace.plan.snapshot import owned_areas
from terr.workspace.workspace import Workspace

Mask = NDArray[np.bool_]
NAME = "As owned today"
_REASON = "As owned today"
_BATCH = 5_000


@dataclass(frozen=True)
class AsOwned:
    """The plan made, and what it says in a sentence."""

    info: ScenarioInfo
    sentence: str


def has_owners(data: Dataset) -> bool:
    """Whether any account names an owner."""
    return bool((data.accounts.frame["owner"].astype(str).str.strip() != "").any())


def questions(data: Dataset, answers: Mapping[str, str] | None = None) -> tuple[OwnerQuestion, ...]:
    """What to ask about the owners before the plan is made; each has a usual answer."""
    return owners_of(data.accounts, data.reps, answers).questions


def create(
    ws: Workspace,
    *,
    dataset_id: str,
    level: str,
    region: str | Sequence[str] | None,
    measure: str,
    tolerance: float = 0.05,
    layers: Sequence[PlanLayer] = (),
    answers: Mapping[str, str] | None = None,
    name: str = "",
    by: Person,
) -> AsOwned:
    """A plan as the accounts are owned today, coverage and balance as they are.

    Each county (ZIP, ...) belongs to who has most of the measure in it; the other owners' accounts there go to their
    owner by name. What nobody mostly has stays unassigned. Accounts without an owner count where they lie.

    Args:
        ws, dataset_id, level, region, measure, tolerance: as for `editing.create`.
        layers: of a plan of books, in which each account goes to its owner; () for a plan of areas.
        answers: of `questions`, by key.
        name: of the plan, by default "As owned today".
        by: who makes it.

    Raises:
        InputError: if no account in the region has an owner, or too many do.
    """
    data = dataset(ws, dataset_id)
    found = owners_of(data.accounts, data.reps, answers)
    if not found.names:
        raise InputError("no account has an owner; choose the owner column on Accounts page")
    asked: dict[str, Any] = {
        "dataset_id": dataset_id,
        "level": level,
        "region": region,
        "measure": measure,
        "tolerance": tolerance,
        "name": name or NAME,
        "author": by.name,
    }
    info = editing.create_layers(ws, **asked, layers=layers) if layers else editing.create(ws, **asked)
    save_setting(ws, info.id, OWNERS, dict(answers or {}))
    info = ws.scenario(info.id)
    units = ws.units(info)
    owners, areas = owned_areas(ws, info, data)
    at = unit_codes(data.accounts, units)
    here = (at >= 0) & (owners.codes >= 0)
    present = np.unique(owners.codes[here])
    if not 0 < len(present) <= MAX_TERRITORIES:
        ws.store.scenarios.delete(info.id)
        raise InputError(
            f"{len(present):,} owners have accounts in this region; a plan has 1 to {MAX_TERRITORIES} territories. "
            "Choose another region, or check the owner column"
        )
    slot_of = np.full(len(owners.names) + 1, -1, dtype=np.int64)
    slot_of[present] = np.arange(len(present))
    slots = slot_of[areas].astype(np.int16)
    named_as = titles([owners.names[j] for j in present], [owners.reps[j] for j in present])
    colors = choose_colors(slots, units.indptr, units.indices, len(present), np.full(len(present), -1))

    def make(plan: Plan, code: int) -> Edit:
        codes = np.full(len(present), -1, dtype=np.int64)
        codes[0] = plan.codes[0]
        made = moves.adopt(
            plan,
            slots,
            next_code=code,
            kind="import",
            k=len(present),
            codes=codes,
            names=named_as,
            colors=colors,
            author=by.name,
            note=_REASON,
        )
        rep_of = dict(zip(named_as, (owners.reps[j] for j in present), strict=True))
        pairs = tuple(
            (old, None if new is None else replace(new, rep=rep_of[new.name])) for old, new in made.territories
        )
        return replace(made, territories=pairs)

    editing.edit(ws, info.id, ws.rev(info.id), make)
    code_of = {t.name: t.code for t in ws.plan(info.id)[0].territories}
    own = slot_of[owners.codes]
    named = np.flatnonzero(here & (own != slots[np.maximum(at, 0)]))
    ids = data.accounts.frame["account_id"].astype(str).to_numpy()
    wanted = {
        ids[r]: ExceptionRequest(ids[r], "named", code_of[named_as[own[r]]], reason=_REASON) for r in named.tolist()
    }
    entries = list(wanted.values())
    for first in range(0, len(entries), _BATCH):
        ws.store.exceptions.add(info.id, entries[first : first + _BATCH], by=by)
    if layers:
        total, mine = int((at >= 0).sum()), int(here.sum())
        rest = f"; {count(total - mine, 'account')} without an owner, unassigned" if total > mine else ""
        said = f"{count(len(present), 'book')} as owned today: {mine:,} of {total:,} accounts with their owner{rest}."
        return AsOwned(ws.scenario(info.id), said)
    return AsOwned(ws.scenario(info.id), _sentence(data, measure, at >= 0, here, len(present), len(named)))


def titles(names: Sequence[str], reps: Sequence[str]) -> list[str]:
    """Owners as names of territories, each once: a second one of a name has the rep's id, or a number."""
    out: list[str] = []
    for name, rep in zip(names, reps, strict=True):
        title, n = clean_name(name[:100]), 2
        if title.casefold() in {t.casefold() for t in out} and rep:
            title = f"{title} ({rep})"
        while title.casefold() in {t.casefold() for t in out}:
            title, n = f"{name[:100]} {n}", n + 1
        out.append(title)
    return out


def _sentence(data: Dataset, measure: str, inside: Mask, here: Mask, k: int, named: int) -> str:
    """What the plan is, with its denominators."""
    frame, money = data.accounts.frame, dict(data.accounts.currency).get(measure, "")
    total, owned = int(inside.sum()), int(here.sum())
    free = float(frame.loc[inside & ~here, measure].sum())
    out = (
        f"{count(k, 'territory', 'territories')} as owned today: {owned - named:,} of {total:,} accounts lie in the "
        f"area their owner mostly has, {named:,} {'goes' if named == 1 else 'go'} to their owner by name"
    )
    if left := total - owned:
        out += f", {left:,} ({short(free, money)} {measure}) {'has' if left == 1 else 'have'} no owner"
    return out + "."
