"""Training and coaching: a note and a day per rep, and for whom skills or figures say that one is needed.

Each change of a note is a record of its own, so that nothing is lost and any state comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.model.json_values import read, to_plain
from terr.model.person import NOONE, Person
from terr.model.reps import Rep
from terr.people.skills import SkillWords
from terr.report.safe import safe_frame
from terr.store.repositories.marks import COACHING
from terr.view.text import date_text, percent
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.assignment import PeopleSettings, ground_of, needs_of, own_quota_only, people_settings
from terr.workspace.reps.matching import revenue_measure
from terr.workspace.reps.team import amounts, needed_skills
from terr.workspace.workspace import Workspace

_LEAST = 0.01
"""Share of a territory's revenue below which a skill that is missing is not told."""
_LONGEST = 400


@dataclass(frozen=True)
class CoachingNote:
    """What somebody should be trained in.

    Attributes:
        key: of the note; changes of one note have the same.
        rep_id: who; note: what; due: by when, None = open.
        done: whether it is; removed: whether it was taken off the list.
        by: who wrote this state of it, at: UTC.
    """

    key: int
    rep_id: str
    note: str
    due: date | None = None
    done: bool = False
    removed: bool = False
    by: Person = NOONE
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def __post_init__(self) -> None:
        if not self.note.strip():
            raise InputError("a coaching note needs words, such as shadow Ann on two healthcare calls")
        if len(self.note) > _LONGEST:
            raise InputError(f"a coaching note has up to {_LONGEST} characters; shorten it")


def coaching_changes(ws: Workspace, shown: PlanSnapshot) -> tuple[CoachingNote, ...]:
    """Every state of every note this person may see, oldest first.

    Where people sign in, a rep sees their own notes and a manager the team's; editors of the plan see all.
    """
    before = people_settings(shown.info).coaching  # plans kept them without history once
    states = [CoachingNote(-1 - k, n.rep_id, n.note, n.due) for k, n in enumerate(before) if n.note.strip()]
    for one in ws.store.reviews.of(shown.info.id, COACHING):
        told = {"key": one.id, **one.told, "by": to_plain(one.by), "at": one.at.isoformat()}
        states.append(read(CoachingNote, told, "a coaching note"))
    mine = own_quota_only(ws, shown.info.id, shown.reps)
    return tuple(s for s in states if mine is None or s.rep_id in mine)


def coaching_notes(changes: Sequence[CoachingNote]) -> tuple[CoachingNote, ...]:
    """The notes as they are now: open ones first, the earliest due first."""
    newest = {s.key: s for s in changes}
    live = [s for s in newest.values() if not s.removed]
    return tuple(sorted(live, key=lambda s: (s.done, s.due or date.max, s.at, s.key)))


def add_coaching(
    ws: Workspace, shown: PlanSnapshot, rep_id: str, note: str, due: date | None, *, by: Person
) -> CoachingNote:
    """Write a note.

    Raises:
        InputError: no words, or nobody of that id. RoleError: if the plan isn't theirs to edit.
    """
    return _record(ws, shown, CoachingNote(0, rep_id, note.strip(), due), "Added", by)


def change_coaching(
    ws: Workspace, shown: PlanSnapshot, now: CoachingNote, said: str = "Changed", *, by: Person
) -> CoachingNote:
    """Let a note say this from now on: another text or day, done or not, removed, or as it was before.

    Raises:
        InputError: as `add_coaching`. RoleError: if the plan isn't theirs to edit.
    """
    return _record(ws, shown, replace(now, note=now.note.strip()), said, by)


def _record(ws: Workspace, shown: PlanSnapshot, note: CoachingNote, said: str, by: Person) -> CoachingNote:
    names = {r.rep_id: r.name for r in shown.reps}
    if note.rep_id not in names and not note.key:
        raise InputError("this person isn't on the roster any more; choose another")
    told = {"rep_id": note.rep_id, "note": note.note, "due": to_plain(note.due)}
    told |= {"done": note.done, "removed": note.removed} | ({"key": note.key} if note.key else {})
    line = f"{said} a coaching note"  # the journal is read by everybody with the plan: not whose, and not what
    kept = ws.store.reviews.coach(shown.info.id, told, line, by=by)
    return replace(note, key=note.key or kept.id, by=kept.by, at=kept.at)


def skill_gaps(shown: PlanSnapshot, settings: PeopleSettings) -> dict[str, list[str]]:
    """Rep id -> what is missing of the skills that their own territories' accounts need, in sentences.

    Raises:
        InputError: a need of a segment nobody is in.
    """
    ground, words = ground_of(shown), SkillWords(dict(settings.same_skills))
    needs = needs_of(shown, settings)
    needed = needed_skills(shown.accounts, needs, words)
    spelled = {words.of(skill): skill for skill in needs.values()}
    revenue = amounts(shown.accounts, revenue_measure(shown.accounts))
    weight = np.ones(len(needed)) if revenue is None else np.clip(revenue, 0, None)
    territory = ground.territory
    by_id = {r.rep_id: r for r in shown.reps}
    out: dict[str, list[str]] = {}
    for k, one in enumerate(shown.plan.territories):
        rep = by_id.get(one.rep)
        here = territory == k
        whole = float(weight[here].sum())
        if rep is None or whole <= 0:
            continue
        has = {words.of(s) for s in rep.skills}
        for skill in sorted({str(s) for s in needed[here].tolist()} - {""} - has):
            share = float(weight[here & (needed == skill)].sum()) / whole
            if share >= _LEAST:
                out.setdefault(rep.rep_id, []).append(
                    f"{percent(100 * share, 0)} of {one.name} needs {spelled.get(skill, skill)}, a skill not listed"
                )
    return out


def coaching_needs(
    shown: PlanSnapshot,
    settings: PeopleSettings,
    below: Sequence[tuple[str, str]],
    notes: Sequence[CoachingNote],
    mine: frozenset[str] | None,
) -> pd.DataFrame:
    """For whom coaching is called for, and why: `Rep`, `Why`, `Open note`.

    Args:
        shown, settings: of the plan.
        below: (rep's name, sentence) for each figure whose 90% interval lies below the team's.
        notes: as they are now.
        mine: ids of those to list, None = all.
    """
    gaps = skill_gaps(shown, settings)
    by_name: Mapping[str, list[Rep]] = {}
    for rep in shown.reps:
        by_name = {**by_name, rep.name.casefold(): [*by_name.get(rep.name.casefold(), []), rep]}
    why: dict[str, list[str]] = {i: list(lines) for i, lines in gaps.items()}
    for name, text in below:
        for rep in by_name.get(name.casefold(), []):
            why.setdefault(rep.rep_id, []).append(text.removeprefix(f"{name}: ").rstrip("."))
    opened = {n.rep_id: n for n in reversed(notes) if not n.done}
    rows = [
        (r.name, reason[:1].upper() + reason[1:], opened[r.rep_id].note if r.rep_id in opened else "")
        for r in shown.reps
        for reason in why.get(r.rep_id, [])
        if r.active and (mine is None or r.rep_id in mine)
    ]
    return pd.DataFrame(rows, columns=["Rep", "Why", "Open note"])


def coaching_csv(needs: pd.DataFrame, notes: Sequence[CoachingNote], names: Mapping[str, str]) -> bytes:
    """The file: each note with its rep, day and state, then who else needs one and why."""
    rows = [
        {
            "Rep": names.get(n.rep_id, n.rep_id),
            "Note": n.note,
            "Due": "" if n.due is None else n.due.isoformat(),
            "Status": "Done" if n.done else "Open",
            "Why": "",
        }
        for n in notes
    ]
    rows += [
        {"Rep": r, "Note": "", "Due": "", "Status": "Needed", "Why": w} for r, w, _ in needs.itertuples(index=False)
    ]
    frame = pd.DataFrame(rows, columns=["Rep", "Note", "Due", "Status", "Why"])
    return bytes(safe_frame(frame).to_csv(index=False).encode("utf-8-sig"))


def state_text(note: CoachingNote) -> str:
    """One state of a note in a line: what, by when, done or not."""
    when = f", by {date_text(note.due)}" if note.due else ""
    state = ", removed" if note.removed else ", done" if note.done else ""
    return f"{note.note}{when}{state}"
