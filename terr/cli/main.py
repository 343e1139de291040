"""The command line: `python -m terr` or `terr`. The contract is docs/interface.md."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from terr import __version__
from terr.cli import backup, books, documents, facts, options, people, situation, sum_rows, visits
from terr.cli.following import followed
from terr.cli.output import report_alone
from terr.cli.stopping import INTERRUPTED, NOTHING_WRITTEN
from terr.errors import InputError, SolveError, TerrError

if TYPE_CHECKING:
    from terr.workspace.accounts.decisions_file import Decisions
    from terr.workspace.batch.inputs import BatchInputs
    from terr.workspace.batch.report import PlanReport
    from terr.workspace.batch.solve import Control

DONE, FAILED, UNUSABLE, LIMIT_BROKEN = 0, 1, 2, 3
"""Exit codes: done and within the limits; a solver failed; the input can't be used; the best plan found breaks a
limit. `stopping.INTERRUPTED`: stopped by the person before there was a plan."""

_SOURCES = {
    "file": "file",
    "plan": "plan file",
    "roster": "roster",
    "named": "file of named accounts",
    "scores": "file of scores",
    "decisions": "file of decisions",
    "boundaries": "boundaries file",
    "accounts": "file of accounts",
    "orders": "file of orders",
    "opportunities": "file of opportunities",
    "activities": "file of activities",
    "contracts": "file of contracts",
    "quotas": "file of quotas",
    "matrix": "file of drive times",
    "before": "plan file",
    "logo": "logo",
    "template": "template",
}
"""Arguments that name a file to be read, and what messages call it."""
_NO_OUTPUT = "terr: error: the report can't be printed (standard output is closed); open it first"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the words behind the program's name; by default those it was started with.

    Returns:
        The exit code.
    """
    if sys.stderr is None:  # closed by whoever started this
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (for as long as the program runs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter must not lose the report
    try:
        args = _parser().parse_args(argv)
        run: Callable[[argparse.Namespace], int] = args.run
        _check_sources(args)
        if sys.stdout is None:
            print(
                "terr: error: the report can't be printed (standard output is closed); open it first", file=sys.stderr
            )
            return FAILED
        with report_alone():
            code = run(args)
            sys.stdout.flush()
    except SystemExit as done:  # --help and --version
        return done.code if isinstance(done.code, int) else DONE
    except TerrError as error:
        text = "".join(c if c.isprintable() else " " for c in str(error))
        print(f"terr: error: {' '.join(text.split())}", file=sys.stderr)
        return FAILED if isinstance(error, SolveError) else UNUSABLE
    except KeyboardInterrupt:
        print(NOTHING_WRITTEN, file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the report has seen enough
        _drop_output()
        return DONE
    except OSError as error:
        print(f"terr: error: the report can't be printed ({error.strerror}); free space first", file=sys.stderr)
        _drop_output()
        return FAILED
    return code


def _check_sources(args: argparse.Namespace) -> None:
    """A name that is mistyped is said at once, before what reads the file is loaded.

    Raises:
        InputError: if one of the files can't be read.
    """
    from terr.workspace.batch.local_files import check_source

    if args.command == "backup":  # its file is one to be written
        return
    for name, what in _SOURCES.items():
        given = getattr(args, name, None)
        for path in given if isinstance(given, list) else [given]:
            if path is not None:
                check_source(path, what)


def _drop_output() -> None:
    """Keep Python from complaining about what it can't print when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in the one line every command uses."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see {self.prog} --help")


@cache  # who calls `main` often, as a program or the tests do, waits for its hundreds of options once
def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="terr", description="Sales territories from a spreadsheet.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"terr {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        out = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        out.set_defaults(run=run)
        return out

    check = command("check", "Check a file: the status of every row.", _check)
    options.file_options(check, needed=False)
    options.source_options(check)
    options.place_options(check)
    check.add_argument(
        "--rejects", metavar="OUT.csv", help="write the rows skipped, rejected or not located, with reasons"
    )

    design = command("design", "Generate balanced territories from scratch.", _design)
    options.file_options(design)
    options.plan_options(design)
    design.add_argument("--territories", type=options.whole, required=True, metavar="K", help="how many")
    text = "today's plan, for --keep, --max-moved and locks; its names are kept"
    options.today_options(design, text, needed=False)
    options.people_options(design)
    options.shape_options(design)
    design.add_argument(
        "--seed-unit",
        dest="starts",
        type=options.pair,
        **options.PAIRS,
        metavar="AREA=TERRITORY",
        help="start a territory around an area",
    )
    design.add_argument("--name", dest="names", **options.LIST, metavar="NAME", help="name of a territory")
    design.add_argument(
        "--keep",
        "--continuity",
        type=options.priority,
        default="Off",
        metavar="LEVEL",
        help="how much today's territories count: Off, Low, Medium, High, or a price",
    )
    options.moved_option(design)
    options.solve_options(design)
    books.options_of(design)

    rebalance = command("rebalance", "Balance a plan with the least change.", _rebalance)
    options.file_options(rebalance)
    options.plan_options(rebalance)
    options.people_options(rebalance)
    options.today_options(rebalance, "today's plan: unit_id,territory")
    options.moved_option(rebalance)
    options.solve_options(rebalance)

    compare = command("compare", "Compare two plans and list what moves.", _compare)
    options.file_options(compare)
    options.plan_options(compare)
    compare.add_argument(
        "--plan",
        required=True,
        action="append",
        metavar="PLAN.csv",
        help="give it twice: the first plan, the second; once with --today",
    )
    options.roster_option(compare)
    compare.add_argument(
        "--today", choices=("owners",), help="the first plan is as the accounts are owned today, by the owner column"
    )

    certify = command("certify", "Prove how good a plan is.", _certify)
    options.file_options(certify)
    options.plan_options(certify)
    options.people_options(certify)
    options.shape_options(certify)
    options.today_options(certify, "the plan to judge: unit_id,territory")
    options.time_options(certify)

    frontier = command("frontier", "Compare balance and disruption.", _frontier)
    options.file_options(frontier)
    options.plan_options(frontier)
    options.people_options(frontier)
    options.today_options(frontier, "today's plan: unit_id,territory")
    frontier.add_argument("--points", type=options.points, default=9, metavar="N", help="plans to look for (default 9)")
    frontier.add_argument("--out-dir", metavar="DIR", help="write each plan there, as point-1.csv, point-2.csv ...")
    options.time_options(frontier)

    sweep = command("sweep", "Compare designs of several numbers of territories, limits and seeds.", _sweep)
    options.file_options(sweep)
    options.plan_options(sweep)
    options.people_options(sweep)
    options.shape_options(sweep)
    options.today_options(sweep, "today's plan, to say what would move", needed=False)
    options.sweep_options(sweep)

    demo = command("demo", "Write a workbook of made-up accounts to try Terr with.", _demo)
    demo.add_argument("out", metavar="OUT.xlsx")
    facts.add_to(command)
    people.add_to(command)
    visits.add_to(command)
    documents.add_to(command)
    situation.add_to(command, _ground)
    sum_rows.add_to(command)
    backup.add_to(command)
    return parser


def _check(args: argparse.Namespace) -> int:
    from terr.cli.check import check

    asked = any(v is not None for v in (args.level, args.region, args.boundaries))
    _print(check(args, where(args) if asked else None, args.map, _decisions(args)))
    return DONE


def _decisions(args: argparse.Namespace) -> Decisions:
    from terr.workspace.accounts.decisions_file import NOTHING, read_decisions
    from terr.workspace.batch.local_files import read_file

    given = read_decisions(read_file(args.decisions, "file of decisions")) if args.decisions else NOTHING
    return given.with_words(args.answer, args.refuse)


def _design(args: argparse.Namespace) -> int:
    if args.by == "accounts":
        return books.design(args, _ground)
    books.refuse(args)
    from terr.workspace.batch.solve import make_design

    return _solved(args, "Design", make_design)


def _rebalance(args: argparse.Namespace) -> int:
    from terr.workspace.batch.solve import make_rebalance

    return _solved(args, "Rebalance", make_rebalance)


def _solved(args: argparse.Namespace, title: str, solve: Callable[[BatchInputs, Control], PlanReport]) -> int:
    from terr.cli.text_report import answer_text
    from terr.workspace.batch.local_files import check_target, write_file
    from terr.workspace.batch.solve import Control

    out = getattr(args, "out", None)
    target = check_target(out, sources=(args.file,)) if out else None
    ground = _ground(args)
    with followed() as progress:
        answer = solve(ground, Control(args.seed, args.time_limit, progress))
    if target is not None:
        write_file(target, answer.plan_csv())
    _print(answer.report if args.json else answer_text(answer, title=title, wrote=out or ""))
    return LIMIT_BROKEN if answer.broken else DONE


def _certify(args: argparse.Namespace) -> int:
    from terr.workspace.batch.solve import make_certificate

    return _solved(args, "Certificate", make_certificate)


def _frontier(args: argparse.Namespace) -> int:
    from terr.cli.text_report import frontier_text
    from terr.workspace.batch.local_files import check_folder, path_and_part, write_file
    from terr.workspace.batch.solve import Control, make_frontier

    files = [f"point-{z + 1}.csv" for z in range(args.points)]
    sources = (args.file, *([] if args.plan is None else [path_and_part(args.plan)[0]]))
    folder = check_folder(args.out_dir, files, sources=sources) if args.out_dir else None
    ground = _ground(args)
    with followed() as progress:
        found = make_frontier(ground, Control(args.seed, args.time_limit, progress), points=args.points)
    if folder is not None:
        for row, answer in zip(found.report["points"], found.answers, strict=True):
            row["plan"] = f"point-{row['point']}.csv"
            write_file(folder / row["plan"], answer.plan_csv())
    _print(found.report if args.json else frontier_text(found, wrote=args.out_dir or ""))
    return LIMIT_BROKEN if found.broken else DONE


def _sweep(args: argparse.Namespace) -> int:
    from terr.cli.text_report import sweep_text
    from terr.workspace.batch.inputs import USUAL_LIMIT
    from terr.workspace.batch.local_files import check_folder, check_target, write_file
    from terr.workspace.batch.sweep import make_sweep
    from terr.workspace.design.sweep import SweepGrid

    given = args.limits.get(args.measure, USUAL_LIMIT)
    if args.each_limit is None and not isinstance(given, float):
        raise InputError("a sweep takes limits that are alike above and below; give them with --each-limit")
    grid = SweepGrid(args.territories, args.each_limit or (given,), args.seeds)
    args.territories = None
    target = check_target(args.out, sources=(args.file,)) if args.out else None
    files = [f"point-{z + 1}.csv" for z in range(len(grid))]
    folder = check_folder(args.out_dir, files, sources=(args.file,)) if args.out_dir else None
    ground = _ground(args)
    with followed() as progress:
        found = make_sweep(ground, grid, time_limit_s=args.time_limit, progress=progress)
    if folder is not None:
        for row, answer in zip(found.report["points"], found.answers, strict=True):
            row["plan"] = f"point-{row['point']}.csv"
            write_file(folder / row["plan"], answer.plan_csv())
    if target is not None:
        write_file(target, found.csv())
    _print(found.report if args.json else sweep_text(found, wrote=[w for w in (args.out, args.out_dir) if w]))
    return LIMIT_BROKEN if found.broken else DONE


def _compare(args: argparse.Namespace) -> int:
    from terr.cli.text_report import comparison_text
    from terr.workspace.batch.local_files import read_part
    from terr.workspace.batch.solve import make_comparison

    given = len(args.plan)
    if args.today is not None and given != 1:
        raise InputError(f"--today owners needs one plan to compare with, {given} given: --today owners --plan B.csv")
    if args.today is None and given != 2:
        raise InputError(
            f"compare needs two plans, {given} given: --plan A.csv --plan B.csv, or --today owners --plan B.csv"
        )
    plans = [read_part(p, "plan file") for p in args.plan]
    first, second = (None if args.today else plans[0]), plans[-1]
    both = make_comparison(_ground(args), first, second)
    _print(both.report if args.json else comparison_text(both))
    return DONE


def _demo(args: argparse.Namespace) -> int:
    from terr.workspace.accounts import demo
    from terr.workspace.batch.local_files import check_target, read_file, write_file

    if not args.out.lower().endswith(".xlsx"):
        raise InputError("the demo is an Excel workbook; give it a name that ends in .xlsx")
    target = check_target(args.out)
    book = demo.workbook()
    if target.exists() and read_file(args.out) not in (b"", book):
        raise InputError(f"{target.name} exists and holds something else; choose another name or delete it")
    write_file(target, book)
    accounts, reps = demo.size()
    print(f"Wrote {accounts:,} made-up accounts and {reps} reps to {args.out}")
    print("Next: terr design with --level county --region lower48 --measure revenue --territories 12")
    return DONE


def _ground(args: argparse.Namespace) -> BatchInputs:
    from terr.workspace.batch.inputs import BatchRequest
    from terr.workspace.batch.local_files import read_file, read_part
    from terr.workspace.batch.prepare import prepare
    from terr.workspace.scores.recipe import recipe_of

    level, region, findings = where(args)
    given = {f.name: getattr(args, f.name) for f in fields(BatchRequest) if hasattr(args, f.name)}
    for name in ("plan", "roster", "named"):
        path = given.get(name)
        given[name] = read_part(path, _SOURCES[name]) if isinstance(path, str) else None
    if given.pop("scores"):
        given["scores"] = recipe_of(read_file(args.scores, "file of scores"))
    kinds = ("orders", "opportunities", "activities", "contracts")
    paths = {k: getattr(args, k) for k in kinds if getattr(args, k, None) is not None}
    given["facts"] = {k: read_part(path, _SOURCES[k]) for k, path in paths.items()}
    request = BatchRequest(**given | {"level": level, "region": region, "findings": findings})
    data, decisions = read_file(args.file), _decisions(args)
    return prepare(data, args.file, request, sheet=args.sheet, choices=args.map, decisions=decisions)


def where(args: argparse.Namespace) -> tuple[str, str, tuple[str, ...]]:
    """Level, region ("" = all of it), and what was found in boundaries of one's own."""
    if args.boundaries is None:
        for option in ("boundaries_id", "boundaries_name", "boundaries_layer", "boundaries_epsg"):
            if getattr(args, option):
                what = "a column" if option in {"boundaries_id", "boundaries_name"} else "something"
                raise InputError(f"--{option.replace('_', '-')} names {what} of --boundaries, which isn't given")
        for option, such in (("level", "county"), ("region", "TX or lower48")):
            if getattr(args, option) is None:
                raise InputError(f"--{option} is needed, such as --{option} {such}, unless --boundaries is given")
        return args.level, args.region, ()
    from terr.workspace.batch.local_files import read_file
    from terr.workspace.batch.own_boundaries import MOST_BYTES, own_boundaries

    data = read_file(args.boundaries, "boundaries file", max_bytes=MOST_BYTES)
    with followed() as progress:
        level, findings = own_boundaries(
            data,
            args.boundaries,
            id_column=args.boundaries_id,
            name_column=args.boundaries_name,
            layer=args.boundaries_layer,
            epsg=args.boundaries_epsg,
            progress=progress,
        )
    return level, args.region or "", findings


def _print(what: dict[str, Any] | str) -> None:
    print(what if isinstance(what, str) else json.dumps(what, indent=2, allow_nan=False))


if __name__ == "__main__":
    sys.exit(main())
