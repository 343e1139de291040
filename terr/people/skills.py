"""Skills: what segments need, who has it, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError

_BETWEEN = re.compile(r"[;,|\n/]+")
MOST_SKILLS = 50


def listed(text: str) -> tuple[str, ...]:
    """Skills as a cell lists them, by comma, semicolon, bar or slash; each once, in the cell's order.

    >>> listed("Healthcare; spanish, Healthcare")
    ('Healthcare', 'spanish')
    """
    out: dict[str, str] = {}
    for part in _BETWEEN.split(text):
        clean = " ".join(part.split())[:60]
        if clean:
            out.setdefault(clean.casefold(), clean)
    return tuple(out.values())[:MOST_SKILLS]


@dataclass(frozen=True)
class SkillWords:
    """Skills that are one under two names: synonym -> the name used, both without case."""

    same: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.same:
            self.of(name)  # a loop of synonyms is found here

    def of(self, skill: str) -> str:
        """The skill's own name, lower case.

        Raises:
            InputError: if synonyms run in a circle.
        """
        lower = {k.casefold(): v.casefold() for k, v in self.same.items()}
        seen, at = [skill.casefold()], skill.casefold()
        while at in lower:
            at = lower[at]
            if at in seen:
                raise InputError(f'the skills "{skill}" and "{at}" are each other\'s synonym; keep one of them')
            seen.append(at)
        return at


@dataclass(frozen=True)
class SkillNeed:
    """One skill over a team.

    Attributes:
        skill: its name; segments: that need it.
        revenue, hours: of accounts in these segments; reps: who has it, as given.
        supply: hours a year of these reps; gap: hours that are missing, 0 if none.
        note: in a sentence, "" if there is enough.
    """

    skill: str
    segments: tuple[str, ...]
    revenue: float
    hours: float | None
    reps: tuple[str, ...]
    supply: float
    gap: float | None
    note: str


def inventory(
    needs: Mapping[str, str],
    segments: NDArray[np.object_],
    revenue: NDArray[np.float64],
    hours: NDArray[np.float64] | None,
    reps: Sequence[tuple[str, Sequence[str], float]],
    words: SkillWords | None = None,
) -> tuple[SkillNeed, ...]:
    """Demand for each skill against the hours of reps who have it.

    Args:
        needs: segment -> skill it requires; segments without case.
        segments: object (n,), of each account.
        revenue: float64 (n,), NaN = 0.
        hours: float64 (n,) a year, None = unknown.
        reps: (name, skills, hours a year) of each.
        words: which skills are the same.

    Returns:
        One each, by skill, those with a gap first. A rep with several skills counts in full for each: supply says who
        could, not who will.
    """
    words = words or SkillWords()
    lower = np.array([str(s).strip().casefold() for s in segments.tolist()], dtype=object)
    by_skill: dict[str, list[str]] = {}
    for segment, skill in needs.items():
        by_skill.setdefault(words.of(skill.strip()), []).append(segment)
    shown = {words.of(s): s for s in needs.values()}
    out = []
    for skill, wanted in by_skill.items():
        mine = np.isin(lower, [w.strip().casefold() for w in wanted])
        who = [(name, each) for name, skills, each in reps if skill in {words.of(s) for s in skills}]
        work = None if hours is None else float(np.nansum(hours[mine]))
        supply = sum(each for _, each in who)
        gap = None if work is None else max(0.0, work - supply)
        note = ""
        if mine.any() and not who:
            note = f"Nobody has the skill {shown[skill]}, which {int(mine.sum()):,} accounts need"
        elif gap:
            note = f"{shown[skill]} needs {work:,.0f} hours a year; reps who have it work {supply:,.0f}"
        elif not mine.any():
            note = f"No account is in a segment that needs {shown[skill]}"
        sold = float(np.nansum(revenue[mine]))
        out.append(SkillNeed(shown[skill], tuple(wanted), sold, work, tuple(n for n, _ in who), supply, gap, note))
    return tuple(sorted(out, key=lambda s: (-(s.gap or 0.0), bool(s.reps), s.skill.casefold())))


def check_need(need: str, known: Sequence[str]) -> None:
    """A segment that requires a skill must be one of the accounts'.

    Raises:
        InputError: an unknown segment.
    """
    if need.strip().casefold() not in {k.strip().casefold() for k in known}:
        some = ", ".join(list(dict.fromkeys(known))[:6])
        raise InputError(f'no account is in the segment "{need[:40]}"; there are {some}')
