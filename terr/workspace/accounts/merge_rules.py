"""What a person decided about duplicates and families, put to use; from the accounts as they came in, each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from terr.errors import InputError
from terr.matching import duplicates, families
from terr.matching.duplicates import DuplicateDecision, MergedAccounts
from terr.matching.families import FamilyCorrections, FamilyDecision
from terr.model.accounts import Accounts
from terr.model.json_values import read, to_plain

MERGES, FAMILIES = "merges", "families"
"""Where decisions are kept in a data set's mapping."""


@dataclass(frozen=True, eq=False)
class MergeRules:
    """Accounts after a person's decisions.

    Attributes:
        accounts: what everything else works with.
        merged: what became of duplicates, None if nothing was decided.
        counted: what became of families' figures, None if nothing was decided.
        notes: decisions that couldn't be carried out, with the reason.
    """

    accounts: Accounts
    merged: MergedAccounts | None = None
    counted: FamilyCorrections | None = None
    notes: tuple[str, ...] = ()


def merges_in(mapping: Mapping[str, Any]) -> tuple[DuplicateDecision, ...]:
    """The decisions about duplicates that a data set keeps."""
    return read(tuple[DuplicateDecision, ...], mapping.get(MERGES) or (), "the decisions about duplicates")


def families_in(mapping: Mapping[str, Any]) -> tuple[FamilyDecision, ...]:
    """The decisions about families that a data set keeps."""
    return read(tuple[FamilyDecision, ...], mapping.get(FAMILIES) or (), "the decisions about families")


def decided(
    originals: Accounts, merges: Sequence[DuplicateDecision], kept: Sequence[FamilyDecision] = ()
) -> MergeRules:
    """Merge what is one account, then count each family once, as decided.

    A decision that no longer fits is left out, and the notes say so: the accounts can always be opened.
    """
    if not merges and not kept:
        return MergeRules(originals)
    accounts, merged, counted, notes = originals, None, None, list[str]()
    if merges:
        try:
            accounts, merged = duplicates.merge(accounts, merges)
            notes += merged.notes
        except InputError as error:
            notes.append(f"duplicates were not merged: {error}")
    if kept:
        try:
            accounts, counted = families.count_once(accounts, kept)
            notes += counted.notes
        except InputError as error:
            notes.append(f"families were not corrected: {error}")
    return MergeRules(accounts, merged, counted, tuple(notes))


def with_merge(mapping: Mapping[str, Any], decision: DuplicateDecision) -> dict[str, Any]:
    """The mapping with one more decision; one about the same accounts gives way.

    Raises:
        InputError: if one of its accounts is in another merge.
    """
    left = [d for d in merges_in(mapping) if set(d.accounts) != set(decision.accounts)]
    for other in left:
        both = set(other.accounts) & set(decision.accounts) if "apart" not in {other.how, decision.how} else set()
        if both:
            raise InputError(
                f"the account {min(both)[:40]!r} is already in a merge into {other.keep[:40]!r}; take that back first"
            )
    return {**mapping, MERGES: to_plain((*left, decision))}


def without_merge(mapping: Mapping[str, Any], accounts: Sequence[str]) -> dict[str, Any]:
    """The mapping without the decision about exactly these accounts."""
    left = [d for d in merges_in(mapping) if set(d.accounts) != set(accounts)]
    return {**mapping, MERGES: to_plain(left)}


def with_family(mapping: Mapping[str, Any], decision: FamilyDecision) -> dict[str, Any]:
    """The mapping with one more decision about a family; an earlier one about the same parent gives way."""
    left = [d for d in families_in(mapping) if d.parent != decision.parent]
    return {**mapping, FAMILIES: to_plain((*left, decision))}


def without_family(mapping: Mapping[str, Any], parent: str) -> dict[str, Any]:
    """The mapping without the decision about a family."""
    left = [d for d in families_in(mapping) if d.parent != parent]
    return {**mapping, FAMILIES: to_plain(left)}
