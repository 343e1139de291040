"""The command `visits`: who is visited on which day, in which order."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, date, datetime
from typing import Any

from terr.cli import options
from terr.cli.facts import Command
from terr.cli.following import followed
from terr.cli.people import amounts
from terr.errors import InputError

_MOST_LINES = 10
_FIELDS = ("calls", "minutes", "hours", "last_visit")


def add_to(command: Command) -> None:
    """Add the command to the command line.

    Args:
        command: adds one, from its name, one line of help and what it runs.
    """
    visits = command("visits", "Plan visits: which accounts on which day, in which order.", _visits)
    visits.add_argument("accounts", metavar="ACCOUNTS", help="the file of accounts")
    visits.add_argument("--plan", metavar="PLAN.csv", help="the plan: unit_id,territory, territories named after reps")
    visits.add_argument("--level", metavar="LEVEL", help="of the plan: county, zip ...")
    visits.add_argument("--region", metavar="REGION", help="of the plan: TX, lower48 ...")
    visits.add_argument("--roster", required=True, metavar="FILE", help="reps: user id, name, home (ZIP or address)")
    visits.add_argument("--rep", **options.LIST, dest="reps", metavar="REP", help="only this rep, by id or name")
    visits.add_argument("--weeks", type=options.whole, default=4, metavar="N", help="how many, 1 to 13 (default 4)")
    visits.add_argument("--start", type=_day, metavar="DATE", help="first day (default the next Monday)")
    visits.add_argument("--calls", type=amounts, metavar="A=24,B=12,C=4", help="calls a year by tier")
    visits.add_argument("--minutes", type=amounts, metavar="A=60,B=45,C=30", help="minutes a call by tier")
    visits.add_argument(
        "--hours", type=_number, default=8.0, metavar="8", help="a day, the way from and to home included"
    )
    visits.add_argument("--leave-home", type=_clock, default=480, metavar="8:00", help="at the earliest (default 8:00)")
    visits.add_argument("--workdays", type=_weekdays, metavar="Mon,Tue,...", help="days worked (default Mon to Fri)")
    visits.add_argument(
        "--day-off", type=_day, **options.LIST, dest="days_off", metavar="DATE", help="a day not worked"
    )
    visits.add_argument(
        "--holidays", default="US", metavar="COUNTRY", help="whose public holidays aren't worked (default US), or none"
    )
    visits.add_argument("--road-factor", type=_number, default=1.2, metavar="1.2", help="road miles per straight mile")
    visits.add_argument("--speed", type=_number, default=30.0, metavar="MPH", help="on the first 10 miles of each way")
    visits.add_argument("--far-speed", type=_number, default=50.0, metavar="MPH", help="beyond them")
    visits.add_argument("--matrix", metavar="FILE", help="drive times of your own: from,to,minutes[,miles]")
    visits.add_argument(
        "--column",
        type=options.pair,
        **options.PAIRS,
        dest="fields",
        metavar="FIELD=COLUMN",
        help=f"which column has {', '.join(_FIELDS)} of an account",
    )
    visits.add_argument("--map", type=options.pair, **options.PAIRS, metavar="FIELD=COLUMN", help="column of a field")
    visits.add_argument("--seed", type=options.seed, default=1, help="same input and seed, same visits (default 1)")
    visits.add_argument("--out", metavar="VISITS.csv", help="write the visits as a table")
    visits.add_argument("--ics", metavar="OUT.ics", help="write them as a calendar")
    visits.add_argument("--gpx", metavar="OUT.gpx", help="write the days as routes")
    visits.add_argument("--json", action="store_true", help="print the report as JSON")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'"{text[:20]}" isn\'t a date; write it as 2026-01-31') from error


def _number(text: str) -> float:
    return options.number(text, "this", "a number, such as 8 or 1.2")


def _clock(text: str) -> int:
    hour, _, minute = text.partition(":")
    if not hour.isdecimal() or not (minute or "0").isdecimal() or int(hour) > 23 or int(minute or 0) > 59:
        raise argparse.ArgumentTypeError(f'"{text[:20]}" isn\'t a time; write it as 8:00')
    return 60 * int(hour) + int(minute or 0)


def _weekdays(text: str) -> tuple[int, ...]:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    out = []
    for word in text.split(","):
        key = word.strip().casefold()[:3]
        if key not in names:
            raise argparse.ArgumentTypeError(f'"{word[:20]}" isn\'t a day of the week; write Mon,Tue,Wed')
        out.append(names.index(key))
    return tuple(sorted(set(out)))


def _visits(args: argparse.Namespace) -> int:
    from terr.workspace.batch.local_files import check_target, read_part, write_file
    from terr.workspace.batch.people.report import PlanFiles
    from terr.workspace.batch.people.visits import visits_report
    from terr.workspace.reps.team_size import USUAL_CALLS, USUAL_MINUTES
    from terr.workspace.visits.settings import WORKWEEK, VisitSettings, next_monday

    if args.plan is None:
        raise InputError("there is no plan to say who visits whom; name one with --plan PLAN.csv --level L --region R")
    if args.level is None or args.region is None:
        raise InputError("--plan needs --level and --region, such as --level county --region TX")
    if unknown := [f for f in args.fields if f not in _FIELDS]:
        raise InputError(f"--column has no {unknown[0][:30]}; there are {', '.join(_FIELDS)}")
    settings = VisitSettings(
        args.start or next_monday(datetime.now(UTC).date()),
        args.weeks,
        dict(USUAL_CALLS) if args.calls is None else args.calls,
        {**USUAL_MINUTES, **(args.minutes or {})},
        args.hours,
        args.leave_home,
        args.workdays or WORKWEEK,
        tuple(args.days_off),
        "" if args.holidays.casefold() == "none" else args.holidays.upper(),
        args.road_factor,
        args.speed,
        args.far_speed,
        calls_column=args.fields.get("calls", ""),
        minutes_column=args.fields.get("minutes", ""),
        hours_column=args.fields.get("hours", ""),
        last_column=args.fields.get("last_visit", ""),
        seed=args.seed,
    )
    wanted = [(p, check_target(p, sources=(args.accounts,))) for p in (args.out, args.ics, args.gpx) if p]
    targets = dict(wanted)
    with followed() as progress:
        found = visits_report(
            args.accounts,
            read_part(args.roster, "roster"),
            PlanFiles(read_part(args.plan, "plan file"), args.level, args.region),
            settings,
            reps=args.reps,
            matrix=None if args.matrix is None else read_part(args.matrix, "file of drive times"),
            choices=args.map,
            progress=progress,
        )
    for path, make in ((args.out, found.csv), (args.ics, found.ics), (args.gpx, found.gpx)):
        if path:
            write_file(targets[path], make())
    sys.stdout.write((json.dumps(found.report, indent=2) if args.json else _text(found, list(targets))) + "\n")
    return 0


def _text(found: Any, wrote: list[str]) -> str:
    lines = []
    for c in found.calendars:
        lines += [
            f"{c.rep}, {c.start} to {c.end}: {c.visits:,} visits, {c.miles:,.0f} miles, {c.drive / 60:,.1f} h of "
            f"driving, {c.service / 60:,.1f} h of calls"
        ]
        for name, other in (("nearest neighbor", c.nearest), ("today's order", c.listed)):
            saved = c.saved_hours(other)
            told = "" if saved is None else f"; {saved:+,.1f} h saved for as many visits"
            lines.append(f"  By {name}: {other.visits:,} visits, {other.miles:,.0f} miles{told}")
        for d in c.days:
            if d.stops:
                lines.append(
                    f"  {d.day:%a} {d.day}  {len(d.stops):>3} visits {d.miles:>7,.1f} miles  "
                    f"{d.start // 60:02d}:{d.start % 60:02d} to {d.end // 60:02d}:{d.end % 60:02d}"
                )
        if c.overdue:
            lines.append(
                f"  {len(c.overdue):,} overdue before the start, "
                f"{sum(o.visit is not None for o in c.overdue):,} of them visited"
            )
        out = c.left_out
        for m in out[:_MOST_LINES]:
            lines.append(f"  Not visited: {m.name} ({m.account_id}), {m.visits} of {m.of}. {m.reason}")
        if len(out) > _MOST_LINES:
            lines.append(f"  ... and {len(out) - _MOST_LINES:,} more, all of them with --json")
        lines += [f"  - {n}" for n in c.notes]
    lines += [f"{rep}: not planned. {why}" for rep, why in found.failed.items()]
    lines += [f"- {n}" for n in found.notes]
    lines += [f"Wrote {w}" for w in wrote]
    return "\n".join(lines)
