"""Likely duplicates and families of a data set: looked for, decided one by one, kept with it, and taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terr.matching import duplicates, families
from terr.matching.duplicates import DuplicateDecision, DuplicateSuggestion, How
from terr.matching.families import Count, Family, FamilyDecision, FamilyOverlap
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.model.scenario import DatasetInfo
from terr.model.wording import count
from terr.workspace.accounts import dataset, merge_rules
from terr.workspace.accounts.import_settings import reading_version
from terr.workspace.caches import CacheKind

if TYPE_CHECKING:
    from terr.workspace.workspace import Workspace

__all__ = [
    "Count",
    "DuplicateDecision",
    "DuplicateSuggestion",
    "Family",
    "FamilyDecision",
    "FamilyOverlap",
    "How",
]  # of other floors, for the pages

HOW_WORDS: Mapping[How, str] = {
    "keep": "the amounts of the account that stays",
    "sum": "the sum of all accounts",
    "max": "the largest amount",
    "apart": "not the same account",
}
COUNT_WORDS: Mapping[Count, str] = {
    "parent": "count only the parent's amount",
    "children": "count only the children's amounts",
    "rest": "count the children, plus what the parent has beyond them",
    "both": "count all",
}


@dataclass(frozen=True, eq=False)
class DuplicateReview:
    """What stands for one another among the accounts of a data set.

    Attributes:
        duplicates: all suggestions of likely duplicates, decided or not, those that move most money first.
        elsewhere: one name at several places, which is usually no duplicate.
        families: parents whose figures may hold their children's, after the merges decided so far.
        parent_column: the column that names parents, "" if there is none.
        remarks: what of that column couldn't be used.
    """

    duplicates: tuple[DuplicateSuggestion, ...]
    elsewhere: tuple[DuplicateSuggestion, ...]
    families: tuple[Family, ...]
    parent_column: str
    remarks: tuple[str, ...]


_Families = tuple[tuple[Family, ...], str, tuple[str, ...]]

DUPLICATES = CacheKind[tuple[str, str], tuple[DuplicateSuggestion, ...]]("likely duplicates", 64)
FAMILIES = CacheKind[tuple[str, str, str], _Families]("families", 64)
"""By data set, how its file is read, and (families) what was merged."""


def _keys(info: DatasetInfo) -> tuple[tuple[str, str], tuple[str, str, str]]:
    read = reading_version(info.mapping)
    merges = repr(info.mapping.get(merge_rules.MERGES) or ())
    return (info.id, read), (info.id, read, merges)


def ready(ws: Workspace, dataset_id: str) -> DuplicateReview | None:
    """What was looked for already, None if it wasn't."""
    first, second = _keys(ws.store.datasets.get(dataset_id))
    one, two = ws.caches[DUPLICATES].get(first), ws.caches[FAMILIES].get(second)
    return None if one is None or two is None else _twins(one, two)


def find_duplicates(ws: Workspace, dataset_id: str, *, progress: Progress = UNWATCHED) -> DuplicateReview:
    """Look for duplicates and families; kept in memory until the accounts change.

    Raises:
        StoppedError: if the person stopped it.
    """
    data = dataset.dataset(ws, dataset_id)
    first, second = _keys(data.info)
    found = ws.caches[DUPLICATES].get(first)
    if found is None:
        found = duplicates.suggest(data.originals, progress=progress.part(0.05, 0.85))
        ws.caches[DUPLICATES].put(first, found)
    kin = ws.caches[FAMILIES].get(second)
    if kin is None:
        progress.tell(0.85, "comparing parents with their children")
        merged = merge_rules.decided(data.originals, merge_rules.merges_in(data.info.mapping)).accounts
        kin = ws.caches[FAMILIES].put(second, _families(merged))
    progress.tell(1.0, "done")
    return _twins(found, kin)


def _families(accounts: Accounts) -> _Families:
    tree = families.tree(accounts)
    remarks = []
    if tree.unknown:
        remarks.append(f"{count(tree.unknown, 'account names', 'accounts name')} a parent that isn't in the file")
    if tree.unclear:
        remarks.append(f"{count(tree.unclear, 'account names', 'accounts name')} a parent whose name isn't unique")
    if tree.circles:
        remarks.append(
            f"{count(len(tree.circles), 'account is', 'accounts are')} their own parent in a loop; each counts on its "
            "own"
        )
    return families.suggest(accounts, known=tree), tree.column, tuple(remarks)


def _twins(found: Sequence[DuplicateSuggestion], kin: _Families) -> DuplicateReview:
    alike = tuple(s for s in found if s.kind == "duplicate")
    return DuplicateReview(alike, tuple(s for s in found if s.kind == "elsewhere"), *kin)


def open_groups(twins: DuplicateReview, info: DatasetInfo) -> tuple[DuplicateSuggestion, ...]:
    """Likely duplicates nobody decided about yet."""
    return duplicates.undecided(twins.duplicates, merge_rules.merges_in(info.mapping))


def open_families(twins: DuplicateReview, info: DatasetInfo) -> tuple[Family, ...]:
    """Families nobody decided about yet."""
    done = {d.parent for d in merge_rules.families_in(info.mapping)}
    return tuple(f for f in twins.families if f.parent not in done)


def decide(ws: Workspace, dataset_id: str, decision: DuplicateDecision) -> None:
    """Keep a decision about likely duplicates; the accounts everywhere follow it.

    Raises:
        InputError: if one of the accounts is in another merge.
    """
    _change(ws, dataset_id, lambda mapping: merge_rules.with_merge(mapping, decision))


def undecide(ws: Workspace, dataset_id: str, accounts: Sequence[str]) -> None:
    """Take the decision about these accounts back."""
    _change(ws, dataset_id, lambda mapping: merge_rules.without_merge(mapping, accounts))


def count_family(ws: Workspace, dataset_id: str, decision: FamilyDecision) -> None:
    """Keep a decision about a family."""
    _change(ws, dataset_id, lambda mapping: merge_rules.with_family(mapping, decision))


def uncount_family(ws: Workspace, dataset_id: str, parent: str) -> None:
    """Take the decision about a family back."""
    _change(ws, dataset_id, lambda mapping: merge_rules.without_family(mapping, parent))


def _change(ws: Workspace, dataset_id: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    ws.store.datasets.change(dataset_id, lambda info: (change(info.mapping), info.summary))


def totals(data: dataset.Dataset) -> dict[str, tuple[float, float]]:
    """Measure -> (sum as the file says, sum after all decisions)."""
    return {m: (data.originals.total(m), data.accounts.total(m)) for m in data.originals.measures}


def duplicates_json(accounts: Accounts) -> dict[str, Any]:
    """Likely duplicates and families of accounts, as JSON."""
    found = duplicates.suggest(accounts)
    kin, column, remarks = _families(accounts)
    return {
        "duplicates": [
            {
                "accounts": list(s.accounts),
                "rows": list(s.rows),
                "name": s.name,
                "score": round(s.score, 1),
                "evidence": [str(e) for e in s.evidence[:5]],
                "keep": s.keep,
                "effects": {e.measure: {"now": e.now, "keep": e.keep, "sum": e.sum, "max": e.max} for e in s.effects},
            }
            for s in found
            if s.kind == "duplicate"
        ],
        "families": [
            {
                "parent": f.parent,
                "name": f.name,
                "children": list(f.children),
                "certain": f.certain,
                "measures": {
                    o.measure: {
                        "parent": o.parent,
                        "children": o.children,
                        "verdict": o.verdict,
                        "change_if": {"parent": o.if_parent, "children": o.if_children, "rest": o.if_rest},
                    }
                    for o in f.overlaps
                },
            }
            for f in kin
        ],
        "parent_column": column,
        "family_remarks": list(remarks),
    }
