"""What matching, sizing and quotas all ask of accounts: revenue, potential, tiers, segments, owners by rep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import measure_values
from terr.errors import InputError
from terr.matching.owners import owners_of
from terr.model.accounts import COUNT, Accounts
from terr.model.reps import Rep
from terr.people.skills import SkillWords
from terr.scoring import columns
from terr.scoring.tiers import Cuts, tiers

REVENUE_WORDS = ("revenue", "sales", "arr", "bookings", "acv", "amount", "turnover", "spend")
POTENTIAL_WORDS = ("potential", "tam", "opportunity", "wallet")
_TIER_COLUMNS = ("tier", "accounttier", "customertier", "abc", "abcclass", "class")
_SEGMENT_COLUMNS = ("industry", "segment", "vertical", "sector", "type", "category", "accounttype", "businesstype")
_MOST_SEGMENTS = 60
BETWEEN = ":"
"""COLUMN:VALUE names a segment of a column."""


def measure_named(accounts: Accounts, words: Sequence[str]) -> str:
    """The first measure with one of the words in its name, "" if there is none."""
    return next((m for w in words for m in accounts.measures if w in m.casefold()), "")


def amounts(accounts: Accounts, measure: str) -> NDArray[np.float64] | None:
    """float64 (n,), a measure with 0 where it is blank; None for ""."""
    return measure_values(accounts, (measure,))[:, 0] if measure else None


def account_tiers(accounts: Accounts) -> tuple[NDArray[np.object_], str]:
    """The tier of each account (object (n,)), and where it comes from, for a reader.

    A column of tiers if there is one; else A, B and C by revenue or potential: the largest 20% of accounts, the next
    30%, the rest.
    """
    for column in accounts.frame.columns:
        if columns.normalized_header(str(column)) in _TIER_COLUMNS and not columns.is_number(accounts, str(column)):
            return columns.texts(accounts, str(column)), f"by the column {column}"
    measure = measure_named(accounts, REVENUE_WORDS) or measure_named(accounts, POTENTIAL_WORDS)
    measure = measure or next((m for m in accounts.measures if m != COUNT), "")
    if not measure:
        return np.full(len(accounts), "A", dtype=object), "all alike: no column tells large accounts from small ones"
    cuts = Cuts((0.2, 0.5), ("A", "B", "C"))
    return tiers(
        accounts, measure, cuts
    ).labels, f"A the largest 20% of accounts by {measure}, B the next 30%, C the rest"


def owner_codes(accounts: Accounts, reps: Sequence[Rep]) -> NDArray[np.int64]:
    """int64 (n,), position of each account's owner among the reps; len(reps) = somebody else, -1 = nobody."""
    found = owners_of(accounts, tuple(reps))
    at = {r.rep_id: k for k, r in enumerate(reps)}
    of = np.array([*(at.get(r, len(reps)) if r else len(reps) for r in found.reps), -1], dtype=np.int64)
    return of[found.codes]


def segment_columns(accounts: Accounts) -> tuple[str, ...]:
    """Columns of few different texts, those called industry, segment and the like first."""
    named, others = [], []
    for column in accounts.frame.columns:
        name = str(column)
        if name in accounts.measures or columns.is_number(accounts, name) or name in {"account_id", "name", "owner"}:
            continue
        if columns.normalized_header(name) in _SEGMENT_COLUMNS:
            named.append(name)
        elif accounts.frame[name].nunique() <= _MOST_SEGMENTS:
            others.append(name)
    return (*named, *others)


def main_segment(accounts: Accounts) -> str:
    """The column called industry, segment or the like, "" if there is none."""
    found = segment_columns(accounts)
    return found[0] if found and columns.normalized_header(found[0]) in _SEGMENT_COLUMNS else ""


def segment_of(accounts: Accounts, segment: str) -> NDArray[np.bool_]:
    """bool (n,), the accounts of a segment: COLUMN:VALUE, or a value that only one column has.

    Raises:
        InputError: if no account is in it, or the value is in several columns.
    """
    column, _, value = segment.rpartition(BETWEEN)
    wanted = value.strip().casefold()
    places = [columns.find(accounts, column.strip())] if column else list(segment_columns(accounts))
    hits = []
    for place in places:
        words = columns.texts(accounts, place)
        mine = np.array([str(w).strip().casefold() == wanted for w in words.tolist()], dtype=np.bool_)
        if mine.any():
            hits.append((place, mine))
    if not hits:
        known = columns.texts(accounts, places[0]).tolist() if places else []
        some = ", ".join(sorted({str(w) for w in known if w})[:6])
        raise InputError(f'no account is in the segment "{segment[:60]}"' + (f"; there are {some}" if some else ""))
    named = [h for h in hits if columns.normalized_header(h[0]) in _SEGMENT_COLUMNS]
    if len(hits) > 1 and len(named) != 1:
        raise InputError(f'"{value[:40]}" is in the columns {", ".join(h[0] for h in hits)}; write COLUMN:VALUE')
    return (named or hits)[0][1]


def needed_skills(accounts: Accounts, needs: Mapping[str, str], words: SkillWords) -> NDArray[np.object_]:
    """object (n,), the skill each account needs in the words' own spelling, "" = none; the last need wins.

    Raises:
        InputError: see `segment_of`; or a segment without a skill.
    """
    out = np.full(len(accounts), "", dtype=object)
    for segment, skill in needs.items():
        if not skill.strip():
            raise InputError(f'name the skill that the segment "{segment[:60]}" needs')
        out[segment_of(accounts, segment)] = words.of(" ".join(skill.split()))
    return out


def suggested_needs(accounts: Accounts, reps: Sequence[Rep]) -> dict[str, str]:
    """Segments that are called like a skill somebody has: "Industry:Healthcare" -> "Healthcare"."""
    skills = {s.casefold(): s for r in reps for s in r.skills}
    for column in segment_columns(accounts):
        values = sorted({str(v) for v in columns.texts(accounts, column).tolist()})
        found = {f"{column}{BETWEEN}{v}": skills[v.casefold()] for v in values if v.casefold() in skills}
        if found:
            return found
    return {}


def covering(reps: Sequence[Rep]) -> tuple[Rep, ...]:
    """Those who can own a territory."""
    return tuple(r for r in reps if r.covers)
