"""Choices kept with a plan: what was asked last, what the plan is held to, and what was proven of it.

They live in the scenario's settings, by edit, so that undo brings the earlier ones back with the earlier plan.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError, TerrError
from terr.model.json_values import read, to_plain
from terr.model.scenario import ScenarioInfo
from terr.workspace.caches import CacheKind
from terr.workspace.plan.rules import NO_RULES, PlanRules, read_rules, rules_json
from terr.workspace.workspace import Workspace

ASKED, RULES, PROOFS, COMPARED, OWNERS = "asked", "rules", "proofs", "compared", "owners"
WHYS = "book_whys"
"""Under this name settings keep, by edit, the SHA-256 of its accounts' reasons (see `AccountWhys`)."""
TODAY = "owners"
"""What a plan is compared with if it is the owner column; else the id of a scenario, or "" = the last Generate."""
_MOST = 200
"""Edits whose rules are kept; older ones give way, the newest last."""


@dataclass(frozen=True)
class Proof:
    """What was proven of a plan.

    Attributes:
        status: as `Result.status`.
        objective: of the plan, km2; bound: no plan is below; gap: their relative distance; None where none is known.
        model: what is compared; solver: who proved it; seconds: it took.
        measure, tolerance: of the plan then; sides: where that limit holds.
        priced: the objective counts more than compactness; early: there was no time to finish.
    """

    status: str
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    model: str = ""
    solver: str = ""
    seconds: float = 0.0
    measure: str = ""
    tolerance: float = 0.0
    priced: bool = False
    early: bool = False
    sides: str = "both"


def balance(ws: Workspace, scenario_id: str, measure: str, tolerance: float | None = None) -> None:
    """Balance another measure, or more closely; the plan itself stays.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        measure: what to balance.
        tolerance: share a load may be off its target; None = as it is.

    Raises:
        InputError: for a value that can't be.
        LocateError: if the scenario isn't found.
    """
    ws.store.scenarios.update_settings(scenario_id, measure=measure, tolerance=tolerance)


def save_setting(ws: Workspace, scenario_id: str, name: str, value: Any) -> None:
    """Put one thing into a scenario's settings and leave the others as they are."""
    ws.store.scenarios.change_settings(scenario_id, lambda now: {**now, name: value})


def compared_with(info: ScenarioInfo) -> str:
    """What "moved" is counted against: "", `TODAY`, or the id of a scenario."""
    kept = info.settings.get(COMPARED)
    return kept if isinstance(kept, str) else ""


def owner_answers(info: ScenarioInfo) -> Mapping[str, str]:
    """What a person answered about the owners of a plan's accounts."""
    kept = info.settings.get(OWNERS)
    return {str(k): str(v) for k, v in kept.items()} if isinstance(kept, Mapping) else {}


def asked(info: ScenarioInfo) -> Mapping[str, Any]:
    """What was asked last; empty if nothing was."""
    kept = info.settings.get(ASKED)
    return kept if isinstance(kept, Mapping) else {}


def save_rules(ws: Workspace, scenario_id: str, edit_id: int, rules: PlanRules) -> None:
    """Hold the plan to these rules from an edit on; nothing is stored while there are none and never were."""
    kept = _by_edit(ws.store.scenarios.get(scenario_id), RULES)
    if rules == NO_RULES and not kept:
        return
    keep_at(ws, scenario_id, RULES, edit_id, rules_json(rules))


def rules_of(ws: Workspace, info: ScenarioInfo) -> PlanRules:
    """What the plan is held to as it stands: the rules of the nearest edit behind it that brought some."""
    kept = _by_edit(info, RULES)
    if not kept:
        return NO_RULES
    at = last_of(ws, info, set(kept))
    return read_rules(kept.get(str(at)))


def save_certificate(ws: Workspace, scenario_id: str, edit_id: int, proof: Proof) -> None:
    """Keep what was proven of the plan after an edit."""
    keep_at(ws, scenario_id, PROOFS, edit_id, to_plain(proof))


def proof_at(ws: Workspace, info: ScenarioInfo) -> tuple[Proof | None, bool]:
    """The newest proof on this line of work, and whether it is of the plan as it stands."""
    kept = _by_edit(info, PROOFS)
    if not kept:
        return None, False
    at = last_of(ws, info, set(kept))
    try:
        return read(Proof, kept.get(str(at)), "a proof"), at == info.head
    except InputError:
        return None, at == info.head


NEAREST_EDITS = CacheKind[tuple[str, int, frozenset[str]], int]("nearest edits", 2)
"""By scenario, edit the plan stands at, and edits looked for behind it."""


def last_of(ws: Workspace, info: ScenarioInfo, edits: set[str]) -> int:
    """The nearest of some edits at or behind the plan as it stands; -1 if none is."""
    if str(info.head) in edits:
        return info.head

    def make() -> int:
        trail = reversed(ws.store.edits.history(info.id).trail(info.head))
        return next((at for at in trail if str(at) in edits), -1)

    return ws.caches[NEAREST_EDITS].get_or_make((info.id, info.head, frozenset(edits)), make)


def keep_at(ws: Workspace, scenario_id: str, name: str, edit_id: int, value: Any) -> None:
    """Put a value with an edit into what a scenario's settings keep by edit under a name."""

    def put(now: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**now, name: _newest({**listed(now, name), str(edit_id): value})}

    ws.store.scenarios.change_settings(scenario_id, put)


def _by_edit(info: ScenarioInfo, name: str) -> dict[str, Any]:
    return listed(info.settings, name)


def listed(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What settings keep under a name: by edit, as text, or {}."""
    kept = settings.get(name)
    return {str(k): v for k, v in kept.items()} if isinstance(kept, Mapping) else {}


def _newest(kept: dict[str, Any]) -> dict[str, Any]:
    order = sorted(kept, key=lambda k: int(k) if k.isdecimal() else -1)
    return {k: kept[k] for k in order[-_MOST:]}


@dataclass(frozen=True, eq=False)
class AccountWhys:
    """Why a design of books put accounts where they are.

    Attributes:
        table: by account_id, each once: `book` (its name then), `why` and `second`, all texts; empty without a design.
    """

    table: pd.DataFrame

    def columns(self, ids: pd.Series, books: Sequence[str]) -> dict[str, NDArray[np.object_]]:
        """`why` and `second_best` of accounts, as texts; {} without a design. What was moved since says so.

        Args:
            ids: account_id of each.
            books: name of the territory each is in now, "" = none.
        """
        if self.table.empty:
            return {}
        found = self.table.reindex(ids.astype(str)).fillna("")
        then, now = found["book"].to_numpy(dtype=object), np.array(books, dtype=object)
        moved = (then != "") & (then != now)
        by_hand = np.array([f"Moved by hand; Generate put it in {b}." for b in then], dtype=object)
        return {
            "why": np.where(moved, by_hand, found["why"].to_numpy(dtype=object)),
            "second_best": np.where(moved, "", found["second"].to_numpy(dtype=object)),
        }


NO_WHYS = AccountWhys(pd.DataFrame())
_WHYS = CacheKind[str, AccountWhys]("reasons of accounts", 8)
"""By the SHA-256 of what is kept."""


def whys_of(ws: Workspace, info: ScenarioInfo) -> AccountWhys:
    """The reasons that came with the nearest design of books behind a plan as it stands; `NO_WHYS` without one."""
    kept = listed(info.settings, WHYS)
    sha256 = kept.get(str(last_of(ws, info, set(kept)))) if kept else None
    if not isinstance(sha256, str):
        return NO_WHYS

    def load() -> AccountWhys:
        table = pd.read_parquet(io.BytesIO(ws.whole.store.files.read(sha256)), engine="pyarrow")
        return AccountWhys(table.drop_duplicates("account_id").set_index("account_id"))

    try:
        return ws.caches[_WHYS].get_or_make(sha256, load)
    except (TerrError, OSError, ValueError):  # reasons stand beside the plan: it opens without them
        return NO_WHYS
