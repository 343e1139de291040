"""A plan as one HTML file: map, accounts if they may be shown, and tables; it opens without Terr and without a network.

The file carries Leaflet and its own script; a content security policy in it allows these two by their hashes and
nothing from anywhere else. What a person typed is JSON data or escaped text, set by `textContent`, never markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from terr.errors import InputError
from terr.model.wording import number_language
from terr.report.documents.content import BarChart, PlanDocument, Section, Table
from terr.report.documents.plan_pdf import shortened
from terr.report.documents.typst_pdf import HERE, clean

VENDOR = Path(__file__).parents[3] / "static" / "vendor"
MOST_ACCOUNTS = 60_000
"""A browser draws so many points on its canvas without waiting."""
MOST_NAMES = 20
"""With more territories the map shows their numbers."""
_SCRIPT, _STYLE = HERE / "templates" / "one_file.js", HERE / "templates" / "one_file.css"


def plan_page(document: PlanDocument) -> bytes:
    """The file.

    Raises:
        InputError: if there are more accounts than a browser can show; without them it can be made.
    """
    style = _leaflet_style() + _STYLE.read_text("utf-8") + f":root{{--accent:{document.brand.accent}}}"
    scripts = [_leaflet_script(), _SCRIPT.read_text("utf-8")]
    allowed = " ".join(f"'sha256-{_hash(s)}'" for s in scripts)
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'sha256-{_hash(style)}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    company = f"<p class=company>{_t(document.brand.company)}</p>" if document.brand.company else ""
    logo = ""
    if document.brand.logo:
        kind = "png" if document.brand.logo.startswith(b"\x89PNG") else "jpeg"
        text = base64.b64encode(document.brand.logo).decode()
        logo = f'<img class=logo alt="Logo" src="data:image/{kind};base64,{text}">'
    body = "".join(_section(s) for s in document.sections)
    parts = [
        '<!doctype html><html lang="en-US"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{_t(document.title)}</title><style>{style}</style></head><body>",
        f"<header>{logo}{company}<h1>{_t(document.title)}</h1><p>{_t(document.subtitle)}</p></header><main>",
        body,
        f"</main><footer>{_t(document.source)}<br>{_t(document.date)}. Made with Terr.</footer>",
        f'<script type="application/json" id="data">{_json(_map_data(document))}</script>',
        *(f"<script>{s}</script>" for s in scripts),
        "</body></html>",
    ]
    return "".join(parts).encode("utf-8")


def _map_data(document: PlanDocument) -> dict[str, Any]:
    picture = document.map
    section = document.section("territories")
    table = None if section is None else section.table
    features = []
    named = picture is not None and len(picture.shapes) <= MOST_NAMES
    for shape in () if picture is None else picture.shapes:
        facts = []
        if table is not None and 0 < shape.number <= len(table.rows):
            facts = [
                [clean(c.title), clean(t)]
                for c, t in zip(table.columns, table.texts[shape.number - 1], strict=True)
                if c.title not in ("#", "Territory") and t
            ]
        label = (shortened(clean(shape.name), 22) if named else str(shape.number)) if shape.number else ""
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "name": clean(shape.name),
                    "color": shape.color,
                    "label": label,
                    "at": _middle(shape.geometry),
                    "facts": facts,
                },
                "geometry": json.loads(shapely.to_geojson(_rounded(shape.geometry))),
            }
        )
    lines = None
    if picture is not None and picture.lines is not None:
        lines = json.loads(shapely.to_geojson(_rounded(picture.lines)))
    return {"shapes": features, "lines": lines, "accounts": _accounts(document), "numbers": number_language().tag}


def _middle(geometry: Any) -> list[float]:
    """Latitude and longitude of a point inside the largest part."""
    main = max(shapely.get_parts(geometry).tolist(), key=lambda part: part.area)
    point = main.centroid if main.contains(main.centroid) else main.representative_point()
    return [round(point.y, 4), round(point.x, 4)]


def _rounded(geometry: Any) -> Any:
    return shapely.transform(geometry, lambda xy: np.round(xy, 4))


def _accounts(document: PlanDocument) -> dict[str, Any] | None:
    rows = document.accounts
    if rows is None:
        return None
    found = np.flatnonzero(np.isfinite(rows.lat) & np.isfinite(rows.lon))
    if len(found) > MOST_ACCOUNTS:
        raise InputError(
            f"one file can show {MOST_ACCOUNTS:,} accounts and the plan has {len(found):,}; leave the accounts out, or "
            "make a plan of a smaller region"
        )
    frame = rows.frame.iloc[found]
    measures = [m for m in rows.measures if m in frame.columns][:4]
    colors = sorted({str(c) for c in rows.color[found].tolist()})
    at = {c: i for i, c in enumerate(colors)}
    return {
        "lat": np.round(rows.lat[found], 4).tolist(),
        "lon": np.round(rows.lon[found], 4).tolist(),
        "name": [clean(str(v), 120) for v in frame["name"].tolist()],
        "id": [clean(str(v), 60) for v in frame["account_id"].tolist()],
        "colors": colors,
        "color": [at[str(c)] for c in rows.color[found].tolist()],
        "measures": [{"name": clean(m), "money": rows.currency.get(m, "")} for m in measures],
        "values": [
            [None if not math.isfinite(v) else round(v, 2) for v in frame[m].astype(float).tolist()] for m in measures
        ],
    }


def _section(section: Section) -> str:
    parts = [f'<section id="part-{escape(section.key)}"><h2>{_t(section.title)}</h2>']
    parts += [f"<p>{_t(s)}</p>" for s in section.sentences]
    if section.figures:
        cards = "".join(
            f"<div class=card><span>{_t(f.label)}</span><b>{_t(f.value)}</b><small>{_t(f.note)}</small></div>"
            for f in section.figures
        )
        parts.append(f"<div class=cards>{cards}</div>")
    if section.maps:
        parts.append('<div id="map" role="img" aria-label="Map of the territories"></div>')
    if section.bars is not None:
        parts.append(_bars(section.bars))
    if section.table is not None:
        parts.append(_table(section.table))
    if section.note:
        parts.append(f"<p class=note>{_t(section.note)}</p>")
    if section.points:
        parts.append(f"<ul>{''.join(f'<li>{_t(p)}</li>' for p in section.points)}</ul>")
    parts += [f"<p class=missing>{_t(m)}</p>" for m in section.missing]
    return "".join([*parts, "</section>"])


def _bars(chart: BarChart) -> str:
    """The balance as an SVG picture: no style attribute, which the policy would refuse."""
    top = min(220.0, max(125.0, chart.high or 0.0, *(b.percent for b in chart.bars)) * 1.02)
    left, wide, row = 190.0, 520.0, 20.0
    high = row * len(chart.bars) + 8

    def x(percent: float) -> float:
        return left + wide * min(1.0, max(0.0, percent / top))

    low, up = x(chart.low if chart.low is not None else 0.0), x(chart.high if chart.high is not None else top)
    out = [
        f'<svg class=bars viewBox="0 0 800 {high:.0f}" role="img" aria-label="Percent of target">'
        f'<rect x="{low:.1f}" y="0" width="{up - low:.1f}" height="{high:.0f}" fill="#E4E7EB"/>'
    ]
    for i, bar in enumerate(chart.bars):
        y = 4 + i * row
        weight = "400" if bar.inside else "700"
        name = _t(shortened(bar.name, 28))
        out.append(
            f'<text x="{left - 8:.0f}" y="{y + 13:.0f}" text-anchor="end" font-size="12">{name}</text>'
            f'<rect x="{left:.0f}" y="{y + 3:.0f}" width="{x(bar.percent) - left:.1f}" height="{row - 7:.0f}" '
            f'fill="{bar.color}"/>'
            f'<text x="728" y="{y + 13:.0f}" font-size="12" font-weight="{weight}">{_t(bar.text)}</text>'
        )
    out.append(f'<line x1="{x(100):.1f}" x2="{x(100):.1f}" y1="0" y2="{high:.0f}" stroke="#14171C"/></svg>')
    return "".join(out)


def _table(table: Table) -> str:
    head = "".join(f"<th{_side(c.numeric)}>{_t(c.title)}</th>" for c in table.columns)
    rows = []
    name = next((j for j, c in enumerate(table.columns) if c.title == "Territory"), -1)
    for i, texts in enumerate(table.texts):
        cells = []
        for j, (column, text) in enumerate(zip(table.columns, texts, strict=True)):
            mark = ""
            if j == name and table.colors:
                mark = (
                    '<svg class=mark viewBox="0 0 10 10" aria-hidden="true">'
                    f'<rect width="10" height="10" fill="{table.colors[i]}"/></svg>'
                )
            cells.append(f"<td{_side(column.numeric)}>{mark}{_t(text)}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    foot = ""
    if table.total_texts:
        sums = zip(table.columns, table.total_texts, strict=True)
        foot = f"<tfoot><tr>{''.join(f'<td{_side(c.numeric)}>{_t(t)}</td>' for c, t in sums)}</tr></tfoot>"
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>{foot}</table></div>"


def _side(numeric: bool) -> str:
    return " class=n" if numeric else ""


def _t(text: str) -> str:
    return escape(clean(str(text)))


def _json(value: Any) -> str:
    """JSON inside a script element: no tag can end it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


@lru_cache(maxsize=1)
def _leaflet_script() -> str:
    text = (VENDOR / "leaflet.js").read_text("utf-8")
    return re.sub(r"//# sourceMappingURL=\S*\s*$", "", text).replace("</script", "<\\/script")


@lru_cache(maxsize=1)
def _leaflet_style() -> str:
    """Leaflet's sheet without the pictures it would load."""
    text = (VENDOR / "leaflet.css").read_text("utf-8")
    return re.sub(r"url\([^)]*\)", "none", text).replace("</style", "<\\/style")
