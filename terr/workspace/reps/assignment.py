"""Who covers what in a stored plan: matched, swapped, assigned as one edit; what is asked is kept with the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import pandas as pd

from terr.errors import InputError, PlanError
from terr.model.edit import Edit
from terr.model.json_values import readable, to_plain
from terr.model.plan import Plan, Territory
from terr.model.reps import REP_ROLES, Rep
from terr.model.scenario import ScenarioInfo
from terr.people.capacity import Ramp
from terr.people.fit import FitWeights
from terr.people.skills import SkillWords
from terr.view.text import distinct
from terr.workspace.access.roles import can
from terr.workspace.access.territory_reach import own_team
from terr.workspace.caches import CacheKind
from terr.workspace.plan.editing import EditOutcome, edit
from terr.workspace.plan.plan_settings import save_setting
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.matching import FAR_HOURS, MatchRequest, TeamGround, TeamMatch, match_team
from terr.workspace.reps.team import needed_skills, suggested_needs
from terr.workspace.workspace import Workspace

PEOPLE = "people"
"""Where a plan's settings keep this."""


@dataclass(frozen=True)
class SharedRole:
    """Somebody beside the owner of a territory.

    Attributes:
        territory: its code; rep_id: who; role: one of `REP_ROLES`.
        share: of their time that goes to the territory, above 0 to 1.
        start, end: first and last day, None = open.
    """

    territory: int
    rep_id: str
    role: str
    share: float = 1.0
    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if self.role not in REP_ROLES or not 0 < self.share <= 1:
            raise InputError("a shared role needs a known role and a share above 0% and up to 100%")
        if self.start and self.end and self.end < self.start:
            raise InputError("the end of a shared role is before its start; correct one of the dates")


@dataclass(frozen=True)
class CoachingNote:
    """What somebody should be trained in: rep, note, and the day it is due."""

    rep_id: str
    note: str
    due: date | None = None


@dataclass(frozen=True)
class PeopleSettings:
    """What a plan keeps about its people.

    Attributes:
        weights: of a matching; needs: segment -> skill; None = those suggested by the roster's skills.
        same_skills: synonym -> skill.
        locks: territory code -> rep_id.
        far_hours: a home farther away is flagged.
        ramp: of new reps, share by month.
        shared: further people on territories.
        coaching: notes.
    """

    weights: FitWeights = field(default_factory=FitWeights)
    needs: Mapping[str, str] | None = None
    same_skills: Mapping[str, str] = field(default_factory=dict)
    locks: Mapping[str, str] = field(default_factory=dict)
    far_hours: float = FAR_HOURS
    ramp: tuple[float, ...] = Ramp().shares
    shared: tuple[SharedRole, ...] = ()
    coaching: tuple[CoachingNote, ...] = ()

    @property
    def ramp_profile(self) -> Ramp:
        """The ramp as a profile that checks itself."""
        return Ramp(self.ramp)


def people_settings(info: ScenarioInfo) -> PeopleSettings:
    """What the plan keeps; what can't be read any more is as usual."""
    return PeopleSettings(**readable(PeopleSettings, info.settings.get(PEOPLE)))


def save_people(ws: Workspace, scenario_id: str, settings: PeopleSettings) -> None:
    """Keep it with the plan.

    Raises:
        InputError: shares of one person over 100%, a ramp that falls. RoleError: if the plan isn't theirs to edit.
    """
    settings.ramp_profile  # noqa: B018 (it checks itself)
    check_shares(settings.shared)
    save_setting(ws, scenario_id, PEOPLE, to_plain(settings))


def check_shares(shared: tuple[SharedRole, ...]) -> None:
    """Refuse one person on one territory twice, and shares of one person that add up to more than 100%.

    Raises:
        InputError: see above.
    """
    pairs = [(s.territory, s.rep_id, s.role) for s in shared]
    if len(set(pairs)) < len(pairs):
        raise InputError("one person has the same role on one territory twice; delete one of the rows")
    for rep in {s.rep_id for s in shared}:
        whole = sum(s.share for s in shared if s.rep_id == rep)
        if whole > 1 + 1e-9:
            raise InputError(f"the shares of {rep} add up to {whole:.0%}; they can't pass 100%")


def needs_of(shown: PlanSnapshot, settings: PeopleSettings) -> dict[str, str]:
    """Which segment requires which skill: as kept, else as suggested by the names of the roster's skills."""
    return suggested_needs(shown.accounts, shown.reps) if settings.needs is None else dict(settings.needs)


def ground_of(shown: PlanSnapshot) -> TeamGround:
    """What a matching of an open plan is made of; people who are gone by today cover nothing."""
    today = datetime.now(UTC).date()
    reps = tuple(replace(r, active=False) if r.end and r.end < today else r for r in shown.reps)
    return TeamGround(shown.accounts, shown.units, shown.plan, reps, shown.held)


MATCHES = CacheKind[tuple[str, int, str, tuple[Rep, ...], str], TeamMatch]("matchings", 16)
"""By scenario, revision, accounts, roster, and what was asked."""


def match_plan(ws: Workspace, shown: PlanSnapshot, settings: PeopleSettings) -> TeamMatch:
    """The best matching of an open plan, solved once for each question; see `match_team`."""
    mark = repr((shown.held.rows.tobytes(), settings, datetime.now(UTC).date()))
    key = (shown.info.id, shown.rev, shown.data, shown.reps, mark)
    return ws.caches[MATCHES].get_or_make(key, lambda: _match_plan(shown, settings))


def _match_plan(shown: PlanSnapshot, settings: PeopleSettings) -> TeamMatch:
    locks = {int(c): r for c, r in settings.locks.items() if c.isdecimal()}
    asked = MatchRequest(settings.weights, needs_of(shown, settings), locks, settings.same_skills, settings.far_hours)
    return match_team(ground_of(shown), asked)


def assign_reps(
    ws: Workspace, scenario_id: str, seen_rev: int, reps: Mapping[int, str], *, author: str = "", note: str = ""
) -> EditOutcome:
    """Give territories to reps as one edit, so that one undo takes all of it back.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        seen_rev: revision the person saw.
        reps: territory code -> rep_id, "" = nobody.
        author: who does it; note: why.

    Raises:
        PlanError: an unknown territory, or a rep on two territories. ConflictError, RoleError: as `edit`.
    """

    def make(plan: Plan, _: int) -> Edit:
        new = {t.code: reps.get(t.code, t.rep) for t in plan.territories}
        for code in reps:
            plan.territory(code)
        given = [r for r in new.values() if r]
        twice = next((r for r in given if given.count(r) > 1 and r in reps.values()), "")
        if twice:
            raise PlanError("one rep would cover two territories; swap them, or free one of the territories first")
        pairs: list[tuple[Territory | None, Territory | None]] = [
            (t, replace(t, rep=new[t.code])) for t in plan.territories if new[t.code] != t.rep
        ]
        return Edit(kind="rep", territories=tuple(pairs), author=author, note=note)

    return edit(ws, scenario_id, seen_rev, make)


def swap_reps(ws: Workspace, scenario_id: str, seen_rev: int, a: int, b: int, *, author: str = "") -> EditOutcome:
    """Let two territories change reps; raises as `assign_reps`."""
    plan, _ = ws.plan(scenario_id)
    one, other = plan.territory(a), plan.territory(b)
    if a == b:
        raise PlanError("choose two different territories to swap")
    return assign_reps(ws, scenario_id, seen_rev, {a: other.rep, b: one.rep}, author=author, note="Swapped reps")


def apply_match(ws: Workspace, scenario_id: str, seen_rev: int, found: TeamMatch, *, author: str = "") -> EditOutcome:
    """Make a matching the plan's assignment; raises as `assign_reps`."""
    reps = {p.code: p.rep_id for p in found.pairs}
    plan, _ = ws.plan(scenario_id)
    reps |= {t.code: "" for t in plan.territories if t.code not in reps}
    return assign_reps(ws, scenario_id, seen_rev, reps, author=author, note="Matched all reps")


def own_quota_only(ws: Workspace, scenario_id: str, reps: tuple[Rep, ...]) -> frozenset[str] | None:
    """Whose quotas a person may see: None = all; else ids of themselves and everybody under them.

    Without a sign-in, and for editors and owners of the plan, all. Others are known by the email on the roster.
    """
    if not ws.whole.sign_in:
        return None

    if can(ws, scenario_id, ws.person, "edit"):
        return None
    return own_team(reps, ws.person.user_id)


def shared_from(shown: PlanSnapshot, frame: pd.DataFrame) -> tuple[SharedRole, ...]:
    """Rows of the page's table (`Territory`, `Person`, `Share %`, `Start`, `End`) as shared roles.

    Raises:
        InputError: a territory or person that isn't there, a share or date that can't be.
    """
    codes = {t.name: t.code for t in shown.plan.territories}
    called = distinct({r.rep_id: r.name for r in shown.reps if r.active and r.role != "manager"})
    ids, roles = {name: i for i, name in called.items()}, {r.rep_id: r.role for r in shown.reps}
    out = []
    for row in frame.to_dict("records"):
        territory, person = row["Territory"], row["Person"]
        if pd.isna(territory) and pd.isna(person):
            continue
        if territory not in codes or person not in ids:
            raise InputError("each shared role needs a territory and a person of the lists")
        share = 1.0 if pd.isna(row["Share %"]) else float(row["Share %"]) / 100
        start, end = (None if pd.isna(row[c]) else pd.Timestamp(row[c]).date() for c in ("Start", "End"))
        out.append(SharedRole(codes[territory], ids[person], roles[ids[person]], share, start, end))
    return tuple(out)


def with_needs(shown: PlanSnapshot, settings: PeopleSettings, frame: pd.DataFrame, words: str) -> PeopleSettings:
    """The settings with needs of the page's table (`Segment`, `Skill`) and synonyms written as "Med=Healthcare, ...".

    Raises:
        InputError: a segment nobody is in, one without a skill, or synonyms in a circle.
    """
    needs: dict[str, str] = {}
    for row in frame.to_dict("records"):
        segment, skill = ("" if pd.isna(row[c]) else str(row[c]).strip() for c in ("Segment", "Skill"))
        if segment or skill:
            needs[segment] = skill
    same: dict[str, str] = {}
    for part in filter(str.strip, words.split(",")):
        one, sign, other = (p.strip() for p in part.partition("="))
        if not sign or not one or not other:
            raise InputError(f'"{part.strip()[:40]}" must be written as Med=Healthcare')
        same[one] = other
    needed_skills(shown.accounts, needs, SkillWords(same))  # says what is wrong
    return replace(settings, needs=needs, same_skills=same)
