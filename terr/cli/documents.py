"""The command `report`: documents of a plan, as page Reports makes them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from terr.cli import options
from terr.cli.facts import Command
from terr.cli.following import followed
from terr.errors import InputError

if TYPE_CHECKING:
    from terr.workspace.batch.documents.plan_inputs import ReportFiles

_KINDS = ("orders", "opportunities", "activities", "contracts", "quotas")
_OUT = {
    "pdf": ("OUT.pdf", "the plan report"),
    "pptx": ("OUT.pptx", "the board deck"),
    "xlsx": ("OUT.xlsx", "the workbook: accounts, territories, totals by formula"),
    "html": ("OUT.html", "map and tables in one file that opens without a network"),
    "kml": ("OUT.kml", "territories for map programs; .kmz is compressed"),
    "png": ("OUT.png", "the map as a picture; .svg is a drawing"),
    "shapes": ("OUT.gpkg", "territories for GIS software; .zip is a Shapefile, .geojson one text"),
}
_ENDINGS = {"kml": ("kml", "kmz"), "png": ("png", "svg"), "shapes": ("gpkg", "zip", "geojson")}


def add_to(command: Command) -> None:
    """Add the command to the command line.

    Args:
        command: adds one, from its name, one line of help and what it runs.
    """
    report = command("report", "Write documents of a plan: PDF, PowerPoint, Excel, HTML, KML, pictures.", _report)
    options.file_options(report)
    options.place_options(report)
    report.add_argument("--plan", required=True, metavar="PLAN.csv", help="the plan: unit_id,territory")
    group = report.add_mutually_exclusive_group()
    group.add_argument("--before", metavar="PLAN.csv", help="today's plan, to say what moves")
    group.add_argument("--today", choices=("owners",), help="instead of --before: as the accounts are owned today")
    report.add_argument("--measure", default="", metavar="NAME", help="what is balanced (default: the file's first)")
    report.add_argument(
        "--limit", type=options.share, default=0.05, metavar="SHARE", help="share off target (default 0.05)"
    )
    options.roster_option(report)
    report.add_argument("--named", metavar="FILE.csv", help="reassigned accounts: account_id, and territory or rep")
    for kind in _KINDS:
        report.add_argument(f"--{kind}", metavar="FILE", help=f"the {kind} of the accounts")
    for kind, (name, what) in _OUT.items():
        report.add_argument(f"--{kind}", metavar=name, help=f"write {what}")
    one = report.add_mutually_exclusive_group()
    one.add_argument("--territory", metavar="NAME", help="with --pdf: the territory plan of this one")
    one.add_argument("--all", metavar="OUT.zip", help="the territory plans of all, a PDF each")
    report.add_argument("--period", default="", metavar="PERIOD", help="of territory plans: 2027, 2027-Q1 (next year)")
    report.add_argument("--per-rep", action="store_true", help="a sheet for each rep in the workbook")
    report.add_argument("--no-accounts", action="store_true", help="no single account in HTML and KML")
    report.add_argument("--company", default="", metavar="NAME", help="on every page")
    report.add_argument("--color", default="", metavar="#RRGGBB", help="of the company, for headings")
    report.add_argument("--logo", metavar="FILE", help="PNG or JPEG")
    report.add_argument(
        "--numbers", default="en-US", metavar="LANGUAGE", help="language of numbers and dates: en-US, de-DE, fr-FR ..."
    )
    report.add_argument("--template", metavar="FILE.pptx", help="the company's own slides")


def asked(args: argparse.Namespace) -> dict[str, str]:
    """Kind of document -> path, told by the endings.

    Raises:
        InputError: if none is asked for, or an ending is another file's.
    """
    out: dict[str, str] = {}
    for option in _OUT:
        path = getattr(args, option)
        if path is None:
            continue
        ending = path.rpartition(".")[2].lower()
        endings = _ENDINGS.get(option, (option,))
        if ending not in endings:
            raise InputError(f"--{option} writes a file whose name ends in .{' or .'.join(endings)}, not {path[:60]}")
        out[ending] = path
    return out


def report_files(args: argparse.Namespace, level: str, region: str, findings: tuple[str, ...]) -> ReportFiles:
    """The files a command names, read.

    Raises:
        InputError: if one can't be used.
    """
    from terr.workspace.accounts.decisions_file import NOTHING, read_decisions
    from terr.workspace.batch.documents.plan_inputs import ReportFiles
    from terr.workspace.batch.local_files import read_file, read_part
    from terr.workspace.reports.brand import brand_from

    def part(name: str, what: str) -> Any:
        path = getattr(args, name)
        return None if path is None else read_part(path, what)

    decisions = read_decisions(read_file(args.decisions, "file of decisions")) if args.decisions else NOTHING
    logo = read_file(args.logo, "logo") if args.logo else b""
    return ReportFiles(
        accounts=(args.file, read_file(args.file)),
        plan=read_part(args.plan, "plan file"),
        level=level,
        region=region,
        measure=args.measure,
        limit=args.limit,
        before=part("before", "plan file"),
        today=args.today,
        roster=part("roster", "roster"),
        named=part("named", "file of named accounts"),
        facts={k: read_part(getattr(args, k), f"file of {k}") for k in _KINDS if getattr(args, k) is not None},
        brand=brand_from(args.company, args.color, logo, args.numbers),
        choices=args.map,
        decisions=decisions.with_words(args.answer, args.refuse),
        sheet=args.sheet,
        findings=findings,
    )


def _report(args: argparse.Namespace) -> int:
    import json
    import sys

    from terr.cli.main import where
    from terr.workspace.batch.documents.plan_inputs import report_inputs
    from terr.workspace.batch.local_files import check_target, read_file, write_file
    from terr.workspace.reports.brand import check_template
    from terr.workspace.reports.documents import DocumentChoice, make_document

    wanted = asked(args)
    if args.territory is not None or args.all is not None:
        return _territory_plans(args, wanted)
    if not wanted:
        raise InputError(
            "nothing is asked for; name a file with --pdf, --pptx, --xlsx, --html, --kml, --png, --shapes or --all"
        )
    sources = (args.file, args.plan.rpartition("#")[0] or args.plan)
    targets = {kind: check_target(path, sources=sources) for kind, path in wanted.items()}
    template = read_file(args.template, "template") if args.template else None
    if template is not None:
        check_template(template)
    level, region, findings = where(args)
    files = report_files(args, level, region, findings)
    choice = DocumentChoice(not args.no_accounts, args.per_rep, template)
    sizes: dict[str, int] = {}
    with followed() as progress:
        inputs = report_inputs(files, progress.part(0.0, 0.3))
        for n, (kind, target) in enumerate(targets.items()):
            step = 0.7 / len(targets)
            data = make_document(kind, inputs, choice, progress.part(0.3 + n * step, 0.3 + (n + 1) * step))
            write_file(target, data)
            sizes[wanted[kind]] = len(data)
    k = len(inputs.plan.territories)
    worst = float(abs(inputs.context.deviation[:, 0]).max()) if k else 0.0
    told = {
        "territories": k,
        "accounts": int(inputs.totals.assigned.rows),
        "measure": inputs.measure,
        "max_deviation_pct": 100 * worst if worst == worst else None,  # noqa: PLR0124 (not a number)
        "files": [{"path": path, "bytes": size} for path, size in sizes.items()],
    }
    lines = [f"Wrote {path} ({size / 1e3:,.0f} KB)" for path, size in sizes.items()]
    sys.stdout.write((json.dumps(told, indent=2) if args.json else "\n".join(lines)) + "\n")
    return 0


def _territory_plans(args: argparse.Namespace, wanted: dict[str, str]) -> int:
    """`--territory NAME --pdf OUT.pdf`, or `--all OUT.zip`."""
    import json
    import sys

    from terr.cli.main import where
    from terr.workspace.batch.documents.territory_plan_files import territory_plan_files
    from terr.workspace.batch.local_files import check_target, write_file

    path = args.all if args.all is not None else wanted.get("pdf", "")
    if args.all is not None and (wanted or not path.lower().endswith(".zip")):
        raise InputError("--all writes territory plans to a file whose name ends in .zip, and nothing else")
    if args.all is None and list(wanted) != ["pdf"]:
        raise InputError("--territory writes a territory plan; name its file with --pdf OUT.pdf, and nothing else")
    target = check_target(path, sources=(args.file, args.plan.rpartition("#")[0] or args.plan))
    level, region, findings = where(args)
    files = report_files(args, level, region, findings)
    with followed() as progress:
        data, n = territory_plan_files(files, args.period, args.territory, progress)
        write_file(target, data)
    told = {"territories": n, "files": [{"path": path, "bytes": len(data)}]}
    line = f"Wrote {path} ({len(data) / 1e3:,.0f} KB)"
    sys.stdout.write((json.dumps(told, indent=2) if args.json else line) + "\n")
    return 0
