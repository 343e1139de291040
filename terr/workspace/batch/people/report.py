"""`terr match`, `terr quota` and `terr size`: files named on a command line to the reports of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.people.fit import FitWeights
from terr.people.quotas import QuotaRules, QuotaWeights, divide
from terr.report.safe import shown
from terr.workspace.accounts.dataset import Intake, roster_in
from terr.workspace.batch.inputs import BatchRequest, NamedFile, rep_called
from terr.workspace.batch.local_files import read_file
from terr.workspace.batch.measure_names import COUNT
from terr.workspace.batch.prepare import prepare
from terr.workspace.batch.reading import read_accounts
from terr.workspace.batch.starting_plan import position, read_plan
from terr.workspace.facts.joined_facts import facts_of
from terr.workspace.quotas.basis import keyed_basis, read_period
from terr.workspace.quotas.dividing import quota_json, quota_pipeline
from terr.workspace.reps.matching import MatchRequest, TeamGround, TeamMatch, match_team
from terr.workspace.reps.roster import read_roster, roster_notes
from terr.workspace.reps.team import covering, owner_codes
from terr.workspace.reps.team_size import SizeRequest, TeamSize, team_size


@dataclass(frozen=True)
class PlanFiles:
    """A plan and where it lies: the plan file, and the level and region of its units."""

    plan: NamedFile
    level: str
    region: str


def match_report(
    path: str,
    roster: NamedFile,
    files: PlanFiles,
    *,
    weights: FitWeights | None = None,
    needs: Mapping[str, str] | None = None,
    locks: Mapping[str, str] | None = None,
    choices: Mapping[str, str] | None = None,
) -> TeamMatch:
    """Match a plan's territories and a roster.

    Raises:
        InputError: if a file can't be used, or a lock names nobody.
    """
    request = BatchRequest(files.level, files.region, COUNT, plan=files.plan, roster=roster)
    ground = prepare(read_file(path), path, request, choices=choices)
    plan, mended = read_plan(files.plan, ground)
    called = {r.name.casefold(): r.rep_id for r in ground.reps} | {r.rep_id.casefold(): r.rep_id for r in ground.reps}
    named = tuple(replace(t, rep=called.get(t.name.casefold(), "")) for t in plan.territories)
    plan = replace(plan, territories=named)
    held: dict[int, str] = {}
    names = [t.name for t in plan.territories]
    for territory, rep in (locks or {}).items():
        found = rep_called(ground.reps, rep, "--lock")
        if not found.covers:
            raise InputError(f"--lock {shown(rep)}: {found.name} can't cover a territory; choose an active rep")
        held[plan.territories[position(names, territory, "be locked")].code] = found.rep_id
    asked = MatchRequest(weights or FitWeights(), needs or {}, held)
    done = match_team(TeamGround(ground.accounts, ground.units, plan, ground.reps), asked)
    return replace(done, notes=(*(n.message for n in (*ground.notes, *mended)), *done.notes))


def quota_report(
    path: str,
    target: float,
    period: str,
    *,
    orders: str | None = None,
    opportunities: str | None = None,
    files: PlanFiles | None = None,
    roster: NamedFile | None = None,
    weights: QuotaWeights | None = None,
    rules: QuotaRules | None = None,
    over: float = 1.0,
    progress: Progress = UNWATCHED,
) -> dict[str, Any]:
    """Divide a target over the territories of a plan, or over today's owners.

    Raises:
        InputError: if a file can't be used; no account has an owner; floors or caps that contradict the target.
    """
    when = read_period(period)
    data = read_file(path)
    taken = read_accounts(data, path)
    accounts = taken.accounts
    reps, roster_said = _reps(roster, data, taken)
    names = {r.rep_id: r.name for r in reps}
    team: list[Rep | None]
    if files is not None:
        request = BatchRequest(files.level, files.region, COUNT, plan=files.plan, roster=roster)
        ground = prepare(data, path, request)
        plan, _ = read_plan(files.plan, ground)
        of = TeamGround(ground.accounts, ground.units, plan, ground.reps).territory
        by_id = dict(zip(ground.accounts.frame["account_id"].astype(str), of.tolist(), strict=True))
        of = np.array([by_id.get(i, -1) for i in accounts.frame["account_id"].astype(str)], dtype=np.int64)
        keys = [t.name for t in plan.territories]
        called = {r.name.casefold(): r for r in reps} | {r.rep_id.casefold(): r for r in reps}
        team = [called.get(k.casefold()) for k in keys]
    else:
        owners = accounts.frame["owner"].astype(str).str.strip()
        keys = sorted({o for o in owners if o})
        if not keys:
            raise InputError(
                "no account has an owner to give a quota to; name a plan with --plan, --level and --region"
            )
        at = {k: j for j, k in enumerate(keys)}
        of = np.array([at.get(o, -1) for o in owners], dtype=np.int64)
        codes = owner_codes(accounts, reps)
        team = [_rep_of(codes, of, j, reps) for j in range(len(keys))]
    facts = None if orders is None else facts_of(read_file(orders, "file of orders"), orders, accounts, kind="orders")
    progress.tell(0.8, "dividing the target")
    keyed = keyed_basis(keys, of, team, accounts, when, orders=facts)
    quotas = divide(target * over, keyed.basis, weights, rules)
    deals = None
    if opportunities is not None:
        data = read_file(opportunities, "file of opportunities")
        joined = facts_of(data, opportunities, accounts, kind="opportunities")
        deals = quota_pipeline(joined, of, len(keys), when)
    report = quota_json(keyed, quotas, over, names, deals)
    return {"target": target, "period": when.name, **report, "notes": [*report["notes"], *roster_said]}


def _reps(roster: NamedFile | None, data: bytes, taken: Intake) -> tuple[tuple[Rep, ...], list[str]]:
    """The reps of a file, or of a sheet of the accounts' workbook, and what to know of the file's rows."""
    if roster is None:
        return roster_in(data, taken.raw), []
    reps, issues = read_roster(roster[1], roster[0])
    return reps, roster_notes(issues, roster[0])


def _rep_of(codes: Any, of: Any, key: int, reps: tuple[Rep, ...]) -> Rep | None:
    mine = codes[of == key]
    return reps[int(mine[0])] if len(mine) and 0 <= mine[0] < len(reps) else None


def size_report(path: str, roster: NamedFile | None, request: SizeRequest) -> TeamSize:
    """Size a team from a file of accounts and a roster.

    Raises:
        InputError: if a file or an assumption can't be used, or nobody can cover a territory.
    """
    data = read_file(path)
    taken = read_accounts(data, path)
    reps, roster_said = _reps(roster, data, taken)
    if not covering(reps):
        raise InputError("there is no rep to size a team from; name a roster with --roster FILE")
    sized = team_size(taken.accounts, reps, request, datetime.now(UTC).date())
    return replace(sized, notes=(*sized.notes, *roster_said))
