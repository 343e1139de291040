"""A territory plan as PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from terr.planbook.view import PlanSection, PlanTable, PlanView
from terr.report.documents.plan_pdf import shortened
from terr.report.documents.typst_pdf import compile_pdf

_NARROW = 18
"""A column whose texts are no longer is as wide as they need."""
_LONGEST = {"name": 70, "sentence": 700}
_ROOM = 34
"""Characters of a word before it may be broken, so that a table stays on the page."""
STATES = {"draft": "Draft", "agreed": "Agreed", "frozen": "Frozen"}


def territory_pdf(view: PlanView, made: datetime | None = None, looks: dict[str, Any] | None = None) -> bytes:
    """Letter pages with each section of the view; text selectable, headings as bookmarks, source and date on each page.

    Args:
        view: what it shows; texts reach Typst as data and never as markup.
        made: when, for the document's properties; with it the same view gives the same bytes.
        looks: the company's name, accent and logo as `house.typ` takes them.
    """
    return compile_pdf("territory", pdf_data(view, looks), made)


def pdf_data(view: PlanView, looks: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the template "territory" shows, as plain JSON."""
    who = breakable(view.rep) if view.rep else "nobody assigned"
    state = STATES.get(view.state, view.state)
    if view.frozen:
        state += f" {view.frozen} by {view.by}"
    facts = f"facts to {view.as_of}" if view.as_of else "no facts imported"
    return {
        "title": shortened(breakable(view.territory), 120),
        "subtitle": f"Territory plan {view.period} · {shortened(who, 80)}",
        "state": state,
        "source": shortened(f"{view.plan}; {facts}", 110),
        "date": view.frozen or view.made,
        "picture": view.picture or None,
        "sections": [_section(one) for one in view.sections],
        "sources": [breakable(s) for s in view.sources],
        **(looks or {}),
    }


def _section(one: PlanSection) -> dict[str, Any]:
    return {
        "key": one.key,
        "title": one.title,
        "picture": one.picture,
        "figures": [
            {
                "label": shortened(f.label, 40),
                "value": shortened(f.value, 18),
                "note": shortened(f.note, 64) or None,
            }
            for f in one.figures
        ],
        "sentences": [breakable(shortened(s, 1200)) for s in one.sentences],
        "tables": [_table(t) for t in one.tables],
        "warnings": [breakable(shortened(w, 500)) for w in one.warnings],
        "missing": list(one.missing),
        "empty": one.empty or None,
    }


def _table(table: PlanTable) -> dict[str, Any]:
    columns = []
    for j, title in enumerate(table.columns):
        longest = max((len(row[j]) for row in table.rows), default=0)
        short = max(longest, len(title)) <= _NARROW
        width: str | float = "auto" if j in table.right or short else 3.2 if j in table.wide else 1.7
        columns.append({"title": title, "align": "right" if j in table.right else "left", "width": width})
    if all(c["width"] == "auto" for c in columns):  # it takes the width of the page all the same
        columns[0]["width"] = 1
    rows = [
        [breakable(shortened(text, _LONGEST["sentence" if j in table.wide else "name"])) for j, text in enumerate(row)]
        for row in table.rows
    ]
    return {"title": table.title or None, "columns": columns, "rows": rows}


def breakable(text: str) -> str:
    """The same, with places to break in words too long for a column (zero-width spaces)."""
    if all(len(word) <= _ROOM for word in text.split(" ")):
        return text
    return " ".join(
        word if len(word) <= _ROOM else "\u200b".join(word[k : k + _ROOM // 2] for k in range(0, len(word), _ROOM // 2))
        for word in text.split(" ")
    )
