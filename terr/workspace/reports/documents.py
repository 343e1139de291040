"""The documents of a plan: which there are, what each contains, and how one is made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import pandas as pd

from terr.aggregate import placed
from terr.errors import InputError
from terr.metrics import columns, evaluate, shown_in
from terr.model.progress import UNWATCHED, Progress
from terr.model.wording import writing_in
from terr.report.accounts import accounts_xlsx
from terr.report.documents.content import PlanDocument, Table
from terr.report.documents.deck import plan_deck
from terr.report.documents.kml import plan_kml, plan_kmz
from terr.report.documents.map_svg import map_svg
from terr.report.documents.one_file import plan_page
from terr.report.documents.plan_pdf import plan_pdf
from terr.report.documents.typst_pdf import svg_png
from terr.report.geo import territories_geojson
from terr.report.geo_files import territories_file
from terr.view.text import metric_in_unit, metric_title
from terr.workspace.levels import WAY_WORDS
from terr.workspace.reports.document_inputs import DocumentInputs, further_columns
from terr.workspace.reports.gather import gather

PICTURE_WIDTH, PICTURE_HEIGHT = 1_400, 900
PIXELS = 2.0
"""Pixels of the PNG for each of its own: 2,800 wide."""
SHEETS = {
    "disruption": "Changes",
    "gains": "Gains and losses",
    "quotas": "Quotas",
    "performance": "Performance",
}
"""Sections whose table is a sheet of the workbook."""


@dataclass(frozen=True)
class DocumentChoice:
    """How a document is made.

    Attributes:
        accounts: single accounts may be in it; per_rep: the workbook has a sheet for each rep.
        template: of slides, None = Terr's plain one.
    """

    accounts: bool = True
    per_rep: bool = False
    template: bytes | None = None


USUAL = DocumentChoice()


@dataclass(frozen=True)
class DocumentKind:
    """A kind of document: the ending of its file, MIME type, and whether single accounts can be in it."""

    ending: str
    mime: str
    accounts: bool


KINDS: Mapping[str, DocumentKind] = MappingProxyType(
    {
        "pdf": DocumentKind("report.pdf", "application/pdf", False),
        "pptx": DocumentKind(
            "deck.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", False
        ),
        "xlsx": DocumentKind(
            "workbook.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", True
        ),
        "html": DocumentKind("plan.html", "text/html", True),
        "kml": DocumentKind("territories.kml", "application/vnd.google-earth.kml+xml", True),
        "kmz": DocumentKind("territories.kmz", "application/vnd.google-earth.kmz", True),
        "png": DocumentKind("map.png", "image/png", False),
        "svg": DocumentKind("map.svg", "image/svg+xml", False),
        "geojson": DocumentKind("territories.geojson", "application/geo+json", False),
        "gpkg": DocumentKind("territories.gpkg", "application/geopackage+sqlite3", False),
        "zip": DocumentKind("territories-shapefile.zip", "application/zip", False),
    }
)

_SHAPES = ("geojson", "gpkg", "zip")


def make_document(
    kind: str,
    inputs: DocumentInputs,
    choice: DocumentChoice = USUAL,
    progress: Progress = UNWATCHED,
) -> bytes:
    """A document of a plan.

    Args:
        kind: of `KINDS`.
        inputs: the plan and what is known of it.
        choice: how it is made.
        progress: told how far it is.

    Raises:
        InputError: for another kind, or a plan this kind can't hold. StoppedError: if it was stopped.
    """
    if kind not in KINDS:
        raise InputError(f'there is no document "{kind[:20]}"; choose {", ".join(KINDS)}')
    with writing_in(inputs.brand.numbers):
        return _made(kind, inputs, choice, progress)


def _made(kind: str, inputs: DocumentInputs, choice: DocumentChoice, progress: Progress) -> bytes:
    if kind in _SHAPES:
        return _shapes(kind, inputs, progress)
    shown = choice.accounts and KINDS[kind].accounts and kind != "xlsx"
    document = gather(inputs, accounts=shown, maps=kind != "xlsx", progress=progress.part(0.0, 0.5))
    progress.tell(0.5, "Writing the document")
    rest = progress.part(0.5, 1.0)
    if kind == "xlsx":
        return _workbook(document, inputs, choice, rest)
    picture = document.map
    if kind in ("png", "svg") and (picture is None or not picture.shapes):
        raise InputError("the plan has nothing to draw; assign some areas first")
    makers: dict[str, Callable[[], bytes]] = {
        "pdf": partial(plan_pdf, document),
        "pptx": partial(plan_deck, document, choice.template),
        "html": partial(plan_page, document),
        "kml": partial(plan_kml, document, rest),
        "kmz": partial(plan_kmz, document, rest),
        "svg": lambda: _svg(document).encode("utf-8"),
        "png": lambda: svg_png(_svg(document), PIXELS),
    }
    made = makers[kind]()
    progress.tell(1.0, "Done")
    return made


def _shapes(kind: str, inputs: DocumentInputs, progress: Progress) -> bytes:
    """Territories for GIS programs, with the same figures as the workbook."""
    table = territories_frame(inputs)
    what = {"title": inputs.boundaries[0], "source": inputs.boundaries[1]}
    made = territories_file(kind, territories_geojson(inputs.plan, inputs.units, table, what, progress))
    progress.tell(1.0, "Done")
    return made


def _svg(document: PlanDocument) -> str:
    if document.map is None:
        raise InputError("the plan has nothing to draw; assign some areas first")
    return map_svg(document.map, PICTURE_WIDTH, PICTURE_HEIGHT, 18)


def _workbook(document: PlanDocument, inputs: DocumentInputs, choice: DocumentChoice, progress: Progress) -> bytes:
    tables = {
        name: section.table
        for key, name in SHEETS.items()
        if (section := document.section(key)) is not None and section.table is not None
    }
    more: dict[str, pd.DataFrame | Table] = {
        **tables,
        "Metrics": metrics_table(inputs),
        "Notes": notes_table(inputs),
    }
    return accounts_xlsx(
        inputs.accounts,
        inputs.units,
        inputs.plan,
        inputs.reps,
        territories_frame(inputs),
        more,
        inputs.held,
        progress,
        per_rep=choice.per_rep,
        reasons=further_columns(inputs.whys, inputs.roles),
    )


def territories_frame(inputs: DocumentInputs) -> pd.DataFrame:
    """One row per territory with every metric files have, of every measure: `code, name, rep` and those columns."""
    return pd.DataFrame(
        {
            "code": list(inputs.plan.codes),
            "name": [t.name for t in inputs.plan.territories],
            "rep": list(inputs.rep_names),
        }
    ).assign(**columns(inputs.every_measure, shown_in("files", per_territory=True), suffix=True))


def metrics_table(inputs: DocumentInputs) -> pd.DataFrame:
    """The plan's metrics for the measure it balances, as rows `metric`, `value`, `unit`, `formula`."""
    found, level = evaluate(inputs.context, shown_in("files")), inputs.units.level
    rows = [
        (
            metric_title(m, inputs.measure, level),
            *metric_in_unit(m, found.figure(m.key), miles=inputs.miles),
            m.formula,
        )
        for m in shown_in("files")
    ]
    return pd.DataFrame(rows, columns=["metric", "value", "unit", "formula"])


def notes_table(inputs: DocumentInputs) -> pd.DataFrame:
    """What the plan was made on and how the accounts came to their units, as rows `note`, `what`, `accounts`."""
    found = placed(inputs.accounts, inputs.units)
    title, source = inputs.boundaries
    rows: list[tuple[str, str, float]] = [
        ("Plan", inputs.name, math.nan),
        ("Region", inputs.place, math.nan),
        ("Boundaries", title, math.nan),
        ("Source of the boundaries", source, math.nan),
    ]
    rows += [("Boundaries are approximate", inputs.rough, math.nan)] if inputs.rough else []
    words = {**WAY_WORDS, "outside": "outside the region", "unlocated": "not located"}
    rows += [("Accounts placed", words[way], n) for way, n in found.ways().items() if n]
    rows += [("Accounts not located", why, n) for why, n in found.reasons().items()]
    return pd.DataFrame(rows, columns=["note", "what", "accounts"]).astype({"accounts": float})
