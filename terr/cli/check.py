"""`terr check`: what becomes of every row of a file, of Parquet, or of a database's query."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from terr.cli.text_report import check_text, gate_lines
from terr.errors import InputError
from terr.workspace.accounts.check_report import check_report
from terr.workspace.accounts.decisions_file import Decisions, open_questions
from terr.workspace.accounts.duplicates import duplicates_json
from terr.workspace.accounts.intake import Intake, roster_in
from terr.workspace.accounts.merge_rules import MergeRules, decided
from terr.workspace.accounts.review import rejects_csv
from terr.workspace.batch.local_files import check_target, read_file, write_file
from terr.workspace.batch.owner_answers import open_owner_questions, set_apart
from terr.workspace.batch.reading import Placements, place_accounts, read_accounts


def check(
    args: argparse.Namespace,
    where: tuple[str, str, tuple[str, ...]] | None,
    choices: Mapping[str, str],
    decisions: Decisions,
) -> dict[str, Any] | str:
    """The report, as JSON or as text.

    Args:
        args: of the command line.
        where: level, region and findings of boundaries, None if none are asked for.
        choices: field or measure -> column.
        decisions: a person's.

    Raises:
        InputError: if something can't be used; nothing is written then.
    """
    sources = tuple(f for f in (args.file, args.decisions) if f)
    target = check_target(args.rejects, sources=sources) if args.rejects else None
    data, name = _input(args)
    about_file, about_owners = set_apart(decisions)
    taken = read_accounts(data, name, sheet=args.sheet, choices=choices, decisions=about_file)
    places: Placements | None = None if where is None else place_accounts(taken, *where)
    more = report_more(taken, about_file)
    more["answers"] = dict(decisions.answers)
    reps, column = roster_in(data, taken.raw), (taken.chosen or taken.columns).fields.get("owner", "")
    more["questions"] += open_owner_questions(taken.accounts, reps, about_owners, column)
    own = None if places is None else places.own
    if own is not None:  # on a map of one's own it doesn't matter what is in the USA
        more["questions"] = [q for q in more["questions"] if q["code"] != "abroad"]
    if target is not None:
        write_file(target, rejects_csv(taken))
    if args.json:
        return {**check_report(taken, own), **(places.report if places else {}), **more}
    return "\n".join([check_text(taken, places), *gate_lines(more)])


def _input(args: argparse.Namespace) -> tuple[bytes, str]:
    if args.source is None and args.query is None:
        if args.file is None:
            raise InputError("name a FILE, or a database with --source and --query; see terr check --help")
        return read_file(args.file), args.file
    if args.file is not None or args.source is None or args.query is None:
        raise InputError("a database is read with both --source and --query, and without a FILE")
    from terr.workspace.accounts.database_query import table_of  # late: a file needs no database

    return table_of(args.source, args.query)[0], args.source


def report_more(taken: Intake, decisions: Decisions) -> dict[str, Any]:
    """What is open, what was repaired, what stands for one another, and what decisions made of it."""
    done = decided(taken.accounts, decisions.merges, decisions.families)
    return {
        "rows_are": taken.kind,
        "accounts": len(taken.accounts),
        "questions": open_questions(taken.raw, taken.chosen or taken.columns, decisions.answers),
        "answers": dict(decisions.answers),
        "repairs": [r.plain() for r in taken.ledger.repairs],
        "mended_cells": len(decisions.cells),
        **duplicates_json(taken.accounts),
        "decided": _decided(taken, done),
    }


def _decided(taken: Intake, done: MergeRules) -> dict[str, Any] | None:
    if done.merged is None and done.counted is None and not done.notes:
        return None
    return {
        "accounts": len(done.accounts),
        "measures": {
            m: {"before": taken.accounts.total(m), "after": done.accounts.total(m)} for m in taken.accounts.measures
        },
        "notes": list(done.notes),
    }
