"""Small pictures of a plan's documents, for the cards of page Reports."""

from __future__ import annotations

from terr.report.documents.map_svg import map_svg
from terr.report.documents.plan_pdf import shortened
from terr.report.documents.typst_pdf import compile_pictures
from terr.view.text import short
from terr.workspace.reports.document_inputs import DocumentInputs
from terr.workspace.reports.document_tables import territories_table
from terr.workspace.reports.plan_maps import plan_map

CARDS = ("report", "deck", "excel", "reps", "map")
"""In the order of the pages of `previews.typ`."""
_ROWS = 9


def previews(inputs: DocumentInputs) -> dict[str, bytes]:
    """By card of `CARDS`: PNG, 640 x 400 pixels."""
    table = territories_table(inputs, "Areas").brief()
    rows = [[c.title for c in table.columns], *(list(r) for r in table.texts[:_ROWS])]
    frame = inputs.accounts.frame
    first = inputs.order[0] if inputs.order else -1
    mine = frame[inputs.territory_of == first].head(_ROWS) if first >= 0 else frame.head(0)
    values = mine[inputs.measure] if inputs.measure in mine.columns else mine["name"].map(lambda _: 1.0)
    accounts = [
        [str(i), str(n), str(c), short(float(v), inputs.currency)]
        for i, n, c, v in zip(mine["account_id"], mine["name"], mine["city"], values, strict=True)
    ]
    data = {
        "title": shortened(inputs.name, 60),
        "accent": inputs.brand.accent,
        "map": map_svg(plan_map(inputs, inputs.name), 640, 380, 20),
        "rows": [[shortened(c, 18) for c in r] for r in rows],
        "rep": shortened((inputs.rep_names[first] or inputs.plan.territories[first].name) if first >= 0 else "", 60),
        "accounts": [["Account", "Name", "City", shortened(inputs.measure, 14)]]
        + [[shortened(c, 22) for c in r] for r in accounts],
    }
    return dict(zip(CARDS, compile_pictures("previews", data, 144), strict=True))
