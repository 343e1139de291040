"""The plan report as PDF."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

from terr.report.documents.content import BarChart, Brand, ColumnChart, PlanDocument, Section, Table
from terr.report.documents.map_svg import map_svg, text_width
from terr.report.documents.typst_pdf import compile_pdf

LONGEST_NAME = 60
"""Characters of a name where nothing narrower is asked; longer ones end in an ellipsis."""
PAGE_POINTS = 490.0
"""Width of a page's text, in points."""
MOST_COLUMNS = 15
"""Categories of a chart on a page: those that differ most; the table has all."""


def plan_pdf(document: PlanDocument) -> bytes:
    """The plan report: every section of the document, in its order."""
    return compile_pdf("plan", {**head(document), "sections": [_section(s) for s in document.sections]}, document.made)


def head(document: PlanDocument) -> dict[str, Any]:
    """What `house.typ` needs of any document: title, source, date, looks."""
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "source": document.source,
        "date": document.date,
        **looks(document.brand),
    }


def looks(brand: Brand) -> dict[str, Any]:
    """The company's name, color and logo, as `house.typ` takes them."""
    return {
        "accent": brand.accent,
        "company": brand.company or None,
        "logo": logo_svg(brand.logo) if brand.logo else None,
    }


def logo_svg(logo: bytes) -> str:
    """A picture inside an SVG, which is a text and so can be data of a template."""
    from PIL import Image

    with Image.open(io.BytesIO(logo), formats=("PNG", "JPEG")) as image:
        width, height = image.size
        kind = "png" if image.format == "PNG" else "jpeg"
    text = base64.b64encode(logo).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" href="data:image/{kind};base64,{text}"/></svg>'
    )


def shortened(text: str, longest: int = LONGEST_NAME) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _section(section: Section) -> dict[str, Any]:
    width, height = (960, 600) if len(section.maps) == 1 else (960, 480)
    return {
        "title": section.title,
        "sentences": section.sentences,
        "figures": [
            {"label": shortened(f.label, 40), "value": f.value, "note": f.note or None} for f in section.figures
        ],
        "maps": [{"title": m.title, "svg": map_svg(m, width, height, 15)} for m in section.maps],
        "bars": None if section.bars is None else _bars(section.bars),
        "chart": None if section.chart is None else _chart(section.chart, section.table),
        "table": None if section.table is None else page_table(section.table),
        "points": section.points,
        "note": section.note,
        "missing": section.missing,
    }


def page_table(table: Table) -> dict[str, Any]:
    """A table as `sheet` of `house.typ` takes it: columns there is room for, names shortened."""
    brief = table.brief()
    free = _free_points(brief)
    columns = [
        {
            "title": shortened(c.title, 24),
            "align": "right" if c.numeric else "left",
            "width": "auto" if c.numeric else 1,
        }
        for c in brief.columns
    ]
    return {
        "columns": columns,
        "rows": [
            [
                t if c.numeric else fitting(t, free - (14.0 if brief.colors else 0.0), 8.4)
                for t, c in zip(row, brief.columns, strict=True)
            ]
            for row in brief.texts
        ],
        "total": list(brief.total_texts),
        "colors": list(brief.colors),
    }


def fitting(text: str, points: float, size: float) -> str:
    """A text cut so that it is at most so wide, in points, at a size."""
    if text_width(text, size) <= points:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if text_width(text[:middle] + "…", size) <= points else (low, middle - 1)
    return text[:low].rstrip() + "…"


def _free_points(table: Table) -> float:
    """Points a column of text has in a table of a page, after what its numbers need."""
    need, texts = 0.0, 0
    for j, column in enumerate(table.columns):
        if column.numeric:
            cells = [shortened(column.title, 24), *(t[j] for t in table.texts)]
            cells += [table.total_texts[j]] if table.total_texts else []
            need += max(text_width(c, 8.8) for c in cells) + 11.0
        else:
            texts += 1
    return max(40.0, (PAGE_POINTS - need) / max(1, texts) - 12.0)


def _bars(chart: BarChart) -> dict[str, Any]:
    return {
        "low": chart.low,
        "high": chart.high,
        "bars": [
            {
                "name": fitting(b.name, 126.0, 9),
                "color": b.color,
                "percent": b.percent,
                "text": b.text,
                "inside": b.inside,
            }
            for b in chart.bars
        ],
    }


def _chart(chart: ColumnChart, table: Table | None) -> dict[str, Any]:
    """A chart with the last series' text beside each category, as the table below has it."""
    texts = [""] * len(chart.categories)
    if table is not None and len(table.rows) == len(texts):
        titles = [c.title for c in table.columns]
        if (name := chart.series[-1].name) in titles:
            texts = [t[titles.index(name)] for t in table.texts]
    kept = chart.most_different(MOST_COLUMNS)
    few = len(kept) < len(texts)
    return {
        "title": f"{chart.title}: the {len(kept)} that differ most" if few else chart.title,
        "categories": [fitting(chart.categories[j], 112.0, 8.5) for j in kept],
        "texts": [texts[j] for j in kept],
        "series": [
            {
                "name": s.name,
                "color": s.color,
                "values": [None if (v := s.values[j]) is None or not math.isfinite(v) else v for j in kept],
            }
            for s in chart.series
        ],
    }
