"""`terr design --by accounts`: books of accounts instead of areas."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from terr.cli import options
from terr.cli.following import followed
from terr.errors import InputError

if TYPE_CHECKING:
    from terr.workspace.batch.inputs import BatchInputs

_ONLY = ("accounts_range", "keep_owner", "families", "rules", "needs", "role", "only_rules")
_NOT_HERE = {
    "boundaries": "--boundaries",
    "split": "--split",
    "shares": "--target",
    "together": "--keep-together",
    "whole_states": "--keep-whole",
    "unassigned": "--unassigned",
    "plan": "--plan",
    "today": "--today",
    "homes": "--from-homes",
    "reps": "--rep",
    "centred": "--fixed-centers",
    "named": "--named",
    "locks": "--lock",
    "closed": "--lock-territory",
    "left_out": "--leave-out",
    "balance": "--balance",
    "starts": "--seed-unit",
    "names": "--name",
    "max_moved": "--max-moved",
}
_SHOWN = 5


def options_of(parser: argparse.ArgumentParser) -> None:
    """The options of books."""
    group = parser.add_argument_group("books of accounts (--by accounts)")
    group.add_argument(
        "--by", choices=("areas", "accounts"), default="areas", help="divide areas (default), or accounts into books"
    )
    group.add_argument(
        "--accounts-range",
        type=_range,
        metavar="20:60",
        help="fewest and most accounts of a territory; either may be left out",
    )
    group.add_argument(
        "--keep-owner",
        type=options.distance,
        metavar="MILES",
        help="extra travel that is accepted per account rather than take it from its owner: 100 (miles) or 160km",
    )
    group.add_argument("--families", action="store_true", help="accounts of one parent stay together")
    group.add_argument(
        "--rule",
        dest="rules",
        action="append",
        default=[],
        type=_rule,
        metavar="NAME=EXPRESSION",
        help="accounts with territories of their own, such as Health=\"industry = 'Health'\"; the first that "
        "holds counts",
    )
    group.add_argument(
        "--need",
        dest="needs",
        type=options.pair,
        **options.PAIRS,
        metavar="SEGMENT=SKILL",
        help="a segment that requires a skill of the roster",
    )
    group.add_argument(
        "--role",
        default="",
        metavar="ROLE",
        help="an overlay of a second role, such as SDR: people of this role in the roster have the books",
    )
    group.add_argument(
        "--only-rules", action="store_true", help="with --role: accounts that no --rule catches stay uncovered"
    )


def _range(text: str) -> tuple[int | None, int | None]:
    """`20:60`, `20:` or `:60`."""
    low, sign, high = text.partition(":")
    if not sign or not (low.strip() or high.strip()):
        raise argparse.ArgumentTypeError(f'"{text[:40]}" must be FEWEST:MOST, such as 20:60')
    few, most = (options.whole(v) if v.strip() else None for v in (low, high))
    if min(few or 0, most or 0) < 0 or (few is not None and most is not None and few > most):
        raise argparse.ArgumentTypeError(f'"{text[:40]}" must be FEWEST:MOST, such as 20:60')
    return few, most


def _rule(text: str) -> tuple[str, str]:
    """`NAME=EXPRESSION`; the expression may have equals signs of its own."""
    name, rule = options.pair(text)
    return name, rule


def refuse(args: argparse.Namespace) -> None:
    """What only books have isn't left aside in silence.

    Raises:
        InputError: naming the option.
    """
    for name in _ONLY:
        if getattr(args, name):
            flag = {"rules": "rule", "needs": "need"}.get(name, name.replace("_", "-"))
            raise InputError(f"--{flag} divides accounts; add --by accounts")


def design(args: argparse.Namespace, ground_of: Callable[[argparse.Namespace], BatchInputs]) -> int:
    """Run the command; returns the exit code."""
    from terr.workspace.batch.books.dividing import BooksRequest, make_books
    from terr.workspace.batch.local_files import check_target, write_file
    from terr.workspace.batch.solve import Control

    for name, flag in _NOT_HERE.items():
        if getattr(args, name, None):
            raise InputError(f"{flag} is of areas; leave it out with --by accounts")
    if args.level is not None or args.region is not None:
        raise InputError("books of accounts have no level and no region; leave --level and --region out")
    args.level, args.region = "state", "us"
    few, most = args.accounts_range or (None, None)
    wanted = BooksRequest(
        args.territories,
        few,
        most,
        args.keep_owner or 0.0,
        args.families,
        tuple(args.rules),
        args.needs,
        args.most_km,
        args.role,
        args.only_rules,
    )
    target = check_target(args.out, sources=(args.file,)) if args.out else None
    args.most_km = None
    ground = ground_of(args)
    with followed() as progress:
        found = make_books(ground, wanted, Control(args.seed, args.time_limit, progress))
    if target is not None:
        write_file(target, found.csv())
    told = json.dumps(found.report, indent=2, allow_nan=False) if args.json else _text(found.report, args.out or "")
    sys.stdout.write(told + "\n")
    return 3 if found.broken else 0


def _text(it: dict[str, Any], wrote: str) -> str:
    from terr.cli.text_report import STATUS, clean, table
    from terr.view.text import count, full

    measures = list(it["max_deviation_pct"])
    role = f"{clean(it['role'])} overlay" if "role" in it else "Books"
    lines = [
        f"{role}: {count(len(it['accounts']), 'account')}, {count(len(it['territories']), 'territory', 'territories')}"
    ]
    if rest := it.get("not_covered", {}).get("accounts"):
        lines.append(f"Not covered: {count(rest, 'account')}, {full(it['not_covered']['amount'])} {clean(measures[0])}")
    if len(it["layers"]) > 1:
        rows = [
            [
                clean(v["name"]),
                f"{v['territories']:,}",
                f"{v['accounts']:,}",
                full(v["amount"]),
                f"{v['falls_through']:,}",
            ]
            for v in it["layers"]
        ]
        lines += ["", *table(["Rule", "territories", "accounts", clean(measures[0]), "fall through"], rows)]
        lines += [f"- {clean(v['name'])}: {clean(n, 300)}" for v in it["layers"] for n in v["notes"]]
    rows = []
    for t in it["territories"]:
        figures = [c for m in measures for c in (full(t["load"][m]), _percent(t["deviation_pct"][m]))]
        rows.append([clean(t["id"]), f"{t['accounts']:,}", *figures])
    head = ["Territory", "accounts", *(h for m in measures for h in (clean(m), "off"))]
    lines += ["", *table(head, rows), "", f"Result: {STATUS[it['status']]}"]
    if it["disruption"] is not None:
        lines.append(f"Accounts that change owner: {it['disruption']['accounts_pct']:.1f}%")
    proof = it["certificate"]
    if proof is not None:
        lines.append(
            f"Proof: no books with these centers have more than {proof['gap_pct']:.2f}% less travel and change "
            f"(cost {proof['objective']:,.0f} km, bound {proof['bound']:,.0f} km)"
        )
    lines.append(f"Time: {it['runtime_s']:.1f} s, seed {it['seed']}")
    if it["explanations"]:
        lines += ["", "Notes", *(f"- {clean(e['message'], 600)}" for e in it["explanations"])]
    some = it["accounts"][:_SHOWN]
    lines += ["", "Why, for the first accounts (all with --json)"]
    lines += [f"- {clean(a['account_id'])} in {clean(a['territory'])}: {clean(a['why'], 300)}" for a in some]
    if wrote:
        lines += ["", f"Books written to {clean(wrote, 200)}"]
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}%"
