"""The command `situation`: what happened between annual plans, and three ways to answer it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from terr.cli import options
from terr.cli.facts import Command
from terr.cli.following import followed

if TYPE_CHECKING:
    from terr.workspace.batch.inputs import BatchInputs
    from terr.workspace.batch.situations.report import SituationReport

LIMIT_BROKEN = 3
KINDS = ("leave", "hire", "merge", "split")


def add_to(command: Command, inputs: Callable[[argparse.Namespace], BatchInputs]) -> None:
    """Add the command to the command line.

    Args:
        command: adds one, from its name, one line of help and what it runs.
        inputs: reads the file of accounts and all that is asked of it.
    """

    def run(args: argparse.Namespace) -> int:
        return _situation(args, inputs)

    made = command("situation", "Answer what happened between plans: somebody leaves, is hired, areas merge.", run)
    made.add_argument("kind", choices=KINDS, metavar="leave|hire|merge|split", help="what happened")
    options.file_options(made)
    options.plan_options(made)
    options.roster_option(made)
    options.today_options(made, "the plan as it stands: unit_id,territory")
    made.add_argument(
        "--territory",
        **options.LIST,
        dest="which",
        metavar="NAME",
        help="which territory, by its name or its rep; for merge give it twice: the one that stays, the one that goes",
    )
    made.add_argument(
        "--rep",
        **options.LIST,
        dest="people",
        metavar="REP",
        help="leave: who leaves; hire and split: who of the roster gets the new territory; may be repeated",
    )
    made.add_argument(
        "--home",
        **options.LIST,
        dest="zips",
        metavar="HOME",
        help="hire and split: home of somebody not on the roster: a ZIP, or 'City, ST'",
    )
    made.add_argument(
        "--count", type=options.whole, metavar="N", help="hire: how many, to be checked; split: into how many parts"
    )
    made.add_argument(
        "--from", type=_day, dest="day", metavar="2027-01-04", help="first day it holds; today by default"
    )
    made.add_argument(
        "--until", type=_day, metavar="2027-03-31", help="leave: others cover until then, and the territory stays"
    )
    made.add_argument("--successor", metavar="REP", help="leave with --until: who has the territory afterwards")
    made.add_argument(
        "--between-reps", dest="between", action="store_true", help="hire: accounts may move between reps who stay"
    )
    made.add_argument(
        "--out-dir",
        metavar="DIR",
        help="write each option's plan and letters there: fewest.csv, fewest-letters.zip ...",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text[:40]}" is not a day; write it as 2027-01-04') from None


def _situation(args: argparse.Namespace, inputs: Callable[[argparse.Namespace], BatchInputs]) -> int:
    from terr.errors import InputError
    from terr.workspace.batch.local_files import check_folder, path_and_part, write_file
    from terr.workspace.batch.situations.report import SituationRequest, situation_report

    kind = args.kind
    for name, given, kinds in (
        ("--home", args.zips, ("hire", "split")),
        ("--count", args.count, ("hire", "split")),
        ("--until", args.until, ("leave",)),
        ("--successor", args.successor, ("leave",)),
        ("--between-reps", args.between, ("hire",)),
    ):
        if given and kind not in kinds:
            raise InputError(f"{name} says nothing about {kind}; it is for {' and '.join(kinds)}")
    if args.successor and args.until is None:
        raise InputError("--successor needs --until, the last day others cover")
    who = (*args.which, *(args.people if kind in ("leave", "merge") else ()))
    reps = tuple(args.people) if kind in ("hire", "split") else tuple(filter(None, (args.successor,)))
    if kind == "hire" and args.count is not None and args.count != len(args.people) + len(args.zips):
        raise InputError(
            f"--count {args.count} needs as many homes: give --home HOME for each hire, or --rep for the roster's reps "
            f"({len(args.people) + len(args.zips)} given)"
        )
    wanted = SituationRequest(
        kind=kind,
        territories=who,
        reps=reps,
        homes=tuple(args.zips),
        parts=args.count or 2,
        day=args.day,
        until=args.until,
        between=args.between,
    )
    args.territories = None
    names = [f"{key}{end}" for key in ("fewest", "even", "travel") for end in (".csv", "-letters.zip")]
    sources = (args.file, *([] if args.plan is None else [path_and_part(args.plan)[0]]))
    folder = check_folder(args.out_dir, names, sources=sources) if args.out_dir else None
    ground = inputs(args)
    with followed() as progress:
        found = situation_report(ground, wanted, progress=progress)
    if folder is not None:
        for at, (row, answer) in enumerate(zip(found.report["options"], found.answers, strict=True)):
            row["plan"], row["letters"] = f"{row['option']}.csv", f"{row['option']}-letters.zip"
            write_file(folder / row["plan"], answer.plan_csv())
            write_file(folder / row["letters"], found.letters(at))
    sys.stdout.write(
        (json.dumps(found.report, indent=2, allow_nan=False) if args.json else _text(found, args.out_dir or "")) + "\n"
    )
    return LIMIT_BROKEN if found.broken else 0


def _text(found: SituationReport, wrote: str) -> str:
    from terr.cli.text_report import clean, table
    from terr.view.text import percent

    report = found.report
    lines = [clean(report["what"], 200), ""]
    rows: list[list[str]] = []
    for one in found.options:
        f = one.figures
        rows.append(
            [
                one.title,
                f"{f.accounts:,}",
                percent(100 * f.share),
                f"{f.between:,}",
                percent(100 * f.deviation),
                f"{f.hours:,.0f} h",
            ]
        )
    head = ["option", "accounts move", "of the measure", "between stayers", "max deviation", "hours a year"]
    lines += table(head, rows)
    for one in found.options:
        lines += ["", f"{one.title}: {clean(one.summary, 400)}"]
        lines += [f"- {_person(p)}" for p in one.figures.people[:12]]
        if len(one.figures.people) > 12:
            lines.append(f"- and {len(one.figures.people) - 12:,} more")
        lines += [f"  {clean(note, 300)}" for note in one.notes]
    if wrote:
        lines += ["", f"Wrote the plans and letters to {clean(wrote, 200)}"]
    return "\n".join(lines)


def _person(p: Any) -> str:
    from terr.cli.text_report import clean
    from terr.view.text import count

    parts = [f"gains {count(p.gained, 'account')}"] if p.gained else []
    parts += [f"hands over {count(p.lost, 'account')}"] if p.lost else []
    return f"{clean(p.name)} {' and '.join(parts)}"
