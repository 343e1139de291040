"""The commands `facts`, `performance` and `forecast`: orders, deals, activities, contracts and quotas of accounts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from terr.cli import options
from terr.cli.following import followed
from terr.errors import InputError

Command = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]
_KINDS = ("orders", "opportunities", "activities", "contracts", "quotas")
_MOST_LINES = 15


def add_to(command: Command) -> None:
    """Add the three commands to the command line.

    Args:
        command: adds one, from its name, one line of help and what it runs.
    """
    facts = command("facts", "Check a file of orders, opportunities, activities, contracts or quotas.", _facts)
    facts.add_argument("file", metavar="FILE", help="the facts: CSV, Excel or Parquet")
    facts.add_argument("--accounts", required=True, metavar="ACCOUNTS", help="the file of the accounts they belong to")
    facts.add_argument("--kind", choices=_KINDS, help="what a row is; by default what the headers say")
    facts.add_argument(
        "--map", type=options.pair, **options.PAIRS, metavar="FIELD=COLUMN", help="which column a field is"
    )
    facts.add_argument(
        "--answer", type=options.pair, **options.PAIRS, metavar="QUESTION=ANSWER", help="answer a question"
    )
    _decisions_option(facts)
    facts.add_argument("--json", action="store_true", help="print the report as JSON")

    performance = command("performance", "Measure sales by territory, rep, type or segment.", _performance)
    _fact_options(performance)
    performance.add_argument(
        "--by", required=True, metavar="GROUP", help="territory, rep, manager, type, segment:COLUMN or all"
    )
    performance.add_argument("--from", dest="start", metavar="DATE", help="first day, such as 2026-01-01")
    performance.add_argument("--to", dest="end", metavar="DATE", help="last day; by default the newest fact's")
    performance.add_argument(
        "--basis",
        choices=("accounts", "owner"),
        default="accounts",
        help="these accounts, whoever owned them then (default), or as owned then",
    )

    forecast = command("forecast", "Forecast orders by territory or in all.", _forecast)
    _fact_options(forecast)
    forecast.add_argument(
        "--by", default="all", metavar="GROUP", help="territory, rep, segment:COLUMN or all (default)"
    )
    forecast.add_argument("--periods", type=options.whole, default=4, metavar="N", help="how many (default 4)")
    forecast.add_argument("--every", choices=("quarter", "month"), default="quarter", help="how long a period is")


def _fact_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "accounts", metavar="ACCOUNTS", help="the accounts, or a file of facts whose customers they are"
    )
    for kind in _KINDS:
        parser.add_argument(f"--{kind}", metavar="FILE", help=f"the {kind} of the accounts")
    parser.add_argument("--plan", metavar="PLAN.csv", help="for --by territory: the plan")
    parser.add_argument("--level", metavar="LEVEL", help="of the plan: county, zip ...")
    parser.add_argument("--region", metavar="REGION", help="of the plan: TX, lower48 ...")
    _decisions_option(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def _decisions_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--decisions",
        metavar="FILE.json",
        help="decided on the Accounts page: answers, fixed cells, and which customers of facts are which accounts",
    )


def _decisions(args: argparse.Namespace) -> Any:
    from terr.workspace.accounts.decisions_file import NOTHING, read_decisions
    from terr.workspace.batch.local_files import read_file

    return read_decisions(read_file(args.decisions, "file of decisions")) if args.decisions else NOTHING


def _facts(args: argparse.Namespace) -> int:
    from terr.workspace.batch.facts_report import one_file

    with followed() as progress:
        joined = one_file(args.file, args.accounts, args.kind, args.map, args.answer, progress, _decisions(args))
    report = joined.report()
    _print(report if args.json else _facts_text(report))
    return 0


def _performance(args: argparse.Namespace) -> int:
    from terr.workspace.batch.facts_report import performance_report, read_fact_files

    with followed() as progress:
        inputs = read_fact_files(_files(args), _decisions(args), progress)
        report = performance_report(inputs, args.by, args.start, args.end, args.basis)
    _print(report if args.json else _performance_text(report))
    return 0


def _forecast(args: argparse.Namespace) -> int:
    from terr.workspace.batch.facts_report import forecast_report, read_fact_files

    with followed() as progress:
        inputs = read_fact_files(_files(args), _decisions(args), progress.part(0.0, 0.3))
        report = forecast_report(inputs, args.by, args.periods, args.every, progress.part(0.3, 1.0))
    _print(report if args.json else _forecast_text(report))
    return 0


def _files(args: argparse.Namespace) -> Any:
    from terr.workspace.batch.facts_report import FactFiles
    from terr.workspace.batch.local_files import read_part

    if args.plan is not None and (args.level is None or args.region is None):
        raise InputError("--plan needs --level and --region, such as --level county --region TX")
    plan = None if args.plan is None else read_part(args.plan, "plan file")
    given = {k: getattr(args, k) for k in _KINDS if getattr(args, k) is not None}
    return FactFiles(args.accounts, given, plan, args.level or "", args.region or "")


def _print(report: Mapping[str, Any] | str) -> None:
    sys.stdout.write((report if isinstance(report, str) else json.dumps(report, indent=2)) + "\n")


def _facts_text(report: Mapping[str, Any]) -> str:
    from terr.view.text import count, full

    money = report["money"]
    lines = [
        f"{report['rows_in']:,} rows of {report['kind']}: {report['rows_joined']:,} joined to "
        f"{count(report['accounts_with_facts'], 'account')}, {report['rows_unjoined']:,} without an account, "
        f"{report['rows_excluded']:,} skipped, {report['rows_rejected']:,} rejected",
        f"  amount {full(money['in'])} = {full(money['joined'])} joined + {full(money['unjoined'])} without an "
        f"account + {full(money['excluded'])} skipped + {full(money['rejected'])} rejected",
    ]
    if report["first_date"]:
        lines.append(f"  from {report['first_date']} to {report['last_date']}")
    lines.append("  fields: " + ", ".join(f"{f} = {c}" for f, c in report["columns"].items()))
    for one in report["unjoined"][:_MOST_LINES]:
        lines.append(f"  no account: {one['key'] or one['name']}, {count(one['rows'], 'row')}, {full(one['amount'])}")
    for one in report["issues"][:_MOST_LINES]:
        lines.append(f"  {one['fate']}: {count(one['rows'], 'row')}, first row {one['first_row']}: {one['message']}")
    for one in report["questions"]:
        lines.append(f"  question: {one['title']} --answer {one['key']}={one['default']} is assumed")
    return "\n".join(lines)


def _performance_text(report: Mapping[str, Any]) -> str:
    from terr.view.text import number, percent

    period, before = report["period"], report["before"]
    lines = [f"{period['from']} to {period['to']}, beside {before['from']} to {before['to']}"]
    shown = (
        ("revenue", "revenue", number),
        ("growth", "year on year", lambda v: percent(100 * v, signed=True)),
        ("customers", "customers", number),
        ("won", "won", number),
        ("win_rate_shrunk", "win rate", lambda v: percent(100 * v)),
        ("nrr", "net retention", lambda v: percent(100 * v)),
        ("attainment", "attainment", lambda v: percent(100 * v)),
        ("activities", "activities", number),
    )
    used = [s for s in shown if any(row[s[0]] is not None for row in report["rows"])]
    table = [["", *(title for _, title, _ in used)]]
    table += [[r["key"], *("–" if r[f] is None else say(r[f]) for f, _, say in used)] for r in report["rows"]]
    wide = [max(len(row[k]) for row in table) for k in range(len(used) + 1)]
    lines += [
        "  ".join([row[0].ljust(wide[0]), *(c.rjust(w) for c, w in zip(row[1:], wide[1:], strict=True))])
        for row in table
    ]
    return "\n".join(lines)


def _forecast_text(report: Mapping[str, Any]) -> str:
    lines = []
    for one in report["series"]:
        tried = (
            "less than two years of history, so the same periods of last year are shown"
            if one["mase"] is None
            else f"{one['method']}, error {one['mase']:.2f} (seasonal naive {one['mase_naive']:.2f})"
        )
        lines.append(f"{one['key']}: {tried}")
        lines += [
            f"  {p['period']}: {p['mean']:,.0f} (80%: {p['low80']:,.0f} to {p['high80']:,.0f})" for p in one["points"]
        ]
    return "\n".join(lines)
