"""The commands `match`, `quota` and `size`: who covers what, what is asked of whom, and how many reps are needed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from terr.cli import options
from terr.cli.facts import Command
from terr.cli.following import followed
from terr.errors import InputError

_WEIGHTS = ("travel", "skills", "relationships", "seniority")
_METHODS = ("history", "trend", "potential", "equal")


def add_to(command: Command) -> None:
    """Add the three commands to the command line.

    Args:
        command: adds one, from its name, one line of help and what it runs.
    """
    match = command("match", "Match reps and territories, with reasons.", _match)
    match.add_argument("accounts", metavar="ACCOUNTS", help="the file of accounts")
    match.add_argument(
        "--roster", required=True, metavar="FILE", help="reps: user id, name, home (ZIP or address), skills ..."
    )
    _plan(match, required=True)
    match.add_argument(
        "--weights", type=amounts, default={}, metavar="travel=1,skills=1,...", help="how much each counts"
    )
    match.add_argument(
        "--need", type=options.pair, **options.PAIRS, metavar="SEGMENT=SKILL", help="a segment that requires a skill"
    )
    match.add_argument(
        "--lock", type=options.pair, **options.PAIRS, dest="locks", metavar="TERRITORY=REP", help="a pair that stays"
    )
    match.add_argument("--map", type=options.pair, **options.PAIRS, metavar="FIELD=COLUMN", help="column of a field")
    match.add_argument("--json", action="store_true", help="print the report as JSON")

    quota = command("quota", "Divide a target into quotas that add up to it.", _quota)
    quota.add_argument("accounts", metavar="ACCOUNTS", help="the file of accounts")
    quota.add_argument("--target", type=_money, required=True, metavar="AMOUNT", help="what the company is to sell")
    quota.add_argument(
        "--period", required=True, metavar="2027", help="a year, a quarter (2027-Q1) or a month (2027-03)"
    )
    quota.add_argument("--orders", metavar="FILE", help="orders of the accounts, for history and trend")
    quota.add_argument(
        "--opportunities", metavar="FILE", help="open and closed deals, for coverage: open / what is still to be won"
    )
    _plan(quota, required=False)
    quota.add_argument("--by", choices=("owner",), help="quotas of today's owners; the default without --plan")
    quota.add_argument("--roster", metavar="FILE", help="reps with start, end and FTE, for capacity")
    quota.add_argument(
        "--weights", type=amounts, metavar="history=.4,trend=.2,potential=.4", help="how much each method counts"
    )
    quota.add_argument("--floor", type=_share, metavar="0.9", help="least quota, as a share of the last period")
    quota.add_argument("--cap", type=_share, metavar="1.3", help="most quota, as a share of the last period")
    quota.add_argument(
        "--round", type=_money, default=0.01, dest="step", metavar="1000", help="quotas are multiples of it"
    )
    quota.add_argument(
        "--over-assignment", type=_share, default=1.0, dest="over", metavar="1.05", help="street quota / target"
    )
    quota.add_argument("--json", action="store_true", help="print the report as JSON")

    size = command("size", "How many reps are needed, by three methods.", _size)
    size.add_argument("accounts", metavar="ACCOUNTS", help="the file of accounts")
    size.add_argument("--roster", metavar="FILE", help="reps; by default a sheet of reps in the accounts' workbook")
    size.add_argument("--calls", type=amounts, metavar="A=24,B=12,C=4", help="calls a year by tier")
    size.add_argument("--minutes", type=amounts, metavar="A=60,B=45,C=30", help="minutes a call by tier")
    size.add_argument("--selling-hours", type=_money, default=1200.0, metavar="1200", help="of one rep a year")
    size.add_argument("--margin", type=_share, default=0.3, metavar="0.3", help="contribution as a share of sales")
    size.add_argument("--cost", type=_money, default=150_000.0, metavar="150000", help="of a rep a year")
    size.add_argument("--elasticity", type=_share, default=0.31, metavar="0.31", help="of sales to the number of reps")
    size.add_argument("--json", action="store_true", help="print the report as JSON")


def _plan(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--plan", required=required, metavar="PLAN.csv", help="the plan: unit_id,territory")
    parser.add_argument("--level", required=required, metavar="LEVEL", help="of the plan: county, zip ...")
    parser.add_argument("--region", required=required, metavar="REGION", help="of the plan: TX, lower48 ...")


def amounts(text: str) -> dict[str, float]:
    """`A=24,B=12`."""
    out: dict[str, float] = {}
    for part in text.split(","):
        key, sign, value = part.partition("=")
        if not sign or not key.strip() or key.strip() in out:
            raise argparse.ArgumentTypeError(f'"{text[:40]}" must be NAME=NUMBER,NAME=NUMBER, each name once')
        out[key.strip()] = options.number(value, key.strip(), "a number such as 1 or 40%")
    return out


def _money(text: str) -> float:
    value = options.number(text.replace(",", "").replace("$", ""), "this", "an amount above 0, such as 1000")
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return value


def _share(text: str) -> float:
    value = options.number(text, "this", "a share, such as 0.9 or 90%")
    if value > 10:
        raise argparse.ArgumentTypeError(f"{text} is {value:,.0%}; shares are written as 0.9 or 90%")
    return value


def _known(given: Mapping[str, float], names: tuple[str, ...]) -> dict[str, float]:
    if unknown := [k for k in given if k.casefold() not in names]:
        raise InputError(f"--weights has no {unknown[0]}; there are {', '.join(names)}")
    return {k.casefold(): v for k, v in given.items()}


def _match(args: argparse.Namespace) -> int:
    from terr.workspace.batch.local_files import read_part
    from terr.workspace.batch.people.report import PlanFiles, match_report
    from terr.workspace.reps.matching import FitWeights, match_json

    weights = FitWeights(**_known(args.weights, _WEIGHTS))
    files = PlanFiles(read_part(args.plan, "plan file"), args.level, args.region)
    roster = read_part(args.roster, "roster")
    found = match_report(
        args.accounts, roster, files, weights=weights, needs=args.need, locks=args.locks, choices=args.map
    )
    _print(match_json(found) if args.json else _match_text(found))
    return 0


def _quota(args: argparse.Namespace) -> int:
    from terr.workspace.batch.local_files import read_part
    from terr.workspace.batch.people.report import PlanFiles, quota_report
    from terr.workspace.quotas.dividing import QuotaRules, QuotaWeights

    files = None
    if args.plan is not None:
        if args.by is not None:
            raise InputError("choose either --plan or --by owner, not both")
        if args.level is None or args.region is None:
            raise InputError("--plan needs --level and --region, such as --level county --region TX")
        files = PlanFiles(read_part(args.plan, "plan file"), args.level, args.region)
    weights = None
    if args.weights is not None:
        weights = QuotaWeights(**dict.fromkeys(_METHODS, 0.0) | _known(args.weights, _METHODS))
    rules = QuotaRules(args.floor, args.cap, args.step)
    with followed() as progress:
        report = quota_report(
            args.accounts,
            args.target,
            args.period,
            orders=args.orders,
            opportunities=args.opportunities,
            files=files,
            roster=None if args.roster is None else read_part(args.roster, "roster"),
            weights=weights,
            rules=rules,
            over=args.over,
            progress=progress,
        )
    _print(report if args.json else _quota_text(report))
    return 0


def _size(args: argparse.Namespace) -> int:
    from terr.workspace.batch.local_files import read_part
    from terr.workspace.batch.people.report import size_report
    from terr.workspace.reps.team_size import USUAL_CALLS, USUAL_MINUTES, SizeRequest, size_json

    request = SizeRequest(
        args.calls or dict(USUAL_CALLS),
        {**USUAL_MINUTES, **(args.minutes or {})},
        args.selling_hours,
        args.margin,
        args.cost,
        args.elasticity,
    )
    roster = None if args.roster is None else read_part(args.roster, "roster")
    report = size_json(size_report(args.accounts, roster, request))
    _print(report if args.json else _size_text(report))
    return 0


def _print(report: Mapping[str, Any] | str) -> None:
    sys.stdout.write((report if isinstance(report, str) else json.dumps(report, indent=2)) + "\n")


def _match_text(found: Any) -> str:
    lines = [f"{p.territory}: {p.rep}. {p.why}." for p in found.pairs]
    lines += [f"{name}: nobody is left for it" for name in found.left_territories]
    if found.left_reps:
        lines.append(f"Without a territory: {', '.join(found.left_reps)}")
    lines.append(f"Total {found.total:,.1f} hours of driving, skills and relationships counted in; proven best")
    return "\n".join([*lines, *(f"- {n}" for n in found.notes)])


def _quota_text(report: Mapping[str, Any]) -> str:
    wide = max(len(r["key"]) for r in report["rows"])
    lines = [f"Quotas for {report['period']}: {report['total']:,.2f}"]
    for r in report["rows"]:
        parts = ", ".join(f"{k} {v:,.0f}" for k, v in r["parts"].items() if round(v))
        lines.append(f"  {r['key'].ljust(wide)}  {r['quota']:>16,.2f}  {r['share']:6.1%}  {parts}")
    lines += [f"  {m['manager']}: {m['quota']:,.2f} (street {m['street']:,.2f})" for m in report["managers"]]
    return "\n".join([*lines, *(f"- {n}" for n in report["notes"])])


def _size_text(report: Mapping[str, Any]) -> str:
    work = report["workload"]
    lines = [
        f"By workload (Talley 1961): {work['reps']:.1f} reps for {work['hours']:,.0f} hours at "
        f"{work['selling_hours']:,.0f} selling hours each"
    ]
    for t in report["tiers"]:
        each = "" if t["accounts_per_rep"] is None else f", {t['accounts_per_rep']:,.0f} of them fill a rep"
        lines.append(
            f"  {t['tier'] or '–'}: {t['accounts']:,} accounts x {t['calls']:g} calls x {t['minutes']:g} min{each}"
        )
    if (semlow := report["potential"]) is not None:
        lines.append(f"By potential (Semlow 1959): {semlow['reps']:,} reps. {semlow['note']}".rstrip())
    if (more := report["marginal"]) is not None:
        lines.append(
            f"By marginal return: {more['reps']:,} reps; one more brings {more['next_margin']:,.0f} and costs "
            f"{more['cost']:,.0f}"
        )
    lines += [f"{k.capitalize()} can't be used: {v}" for k, v in report["why_not"].items()]
    lines.append(f"Today: {report['reps']} reps, {report['capacity']:.2f} full ones")
    return "\n".join([*lines, *(f"- {n}" for n in report["notes"])])
