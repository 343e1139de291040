"""The board deck as PowerPoint: native charts, tables and shapes, so that everything can be edited there."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from terr.errors import InputError
from terr.model.wording import figure
from terr.report.documents.content import PLAIN, BarChart, ColumnChart, MapPicture, PlanDocument, Section, Series, Table
from terr.report.documents.plan_pdf import shortened
from terr.report.documents.slide_parts import (
    Box,
    Slides,
    bar_chart,
    cards,
    clustered_chart,
    map_shapes,
    paragraphs,
    swatched_table,
)

ROWS, NARROW_ROWS = 15, 18
"""Rows of a table a slide has room for: one table, and each of two side by side."""
MOST_TABLES = 2
"""Slides of the table of territories."""
FEWEST = 8
"""Slides; a plan of which little is known shows the sizes of its territories as a chart too."""
MOST_BARS, MOST_PAIRS = 24, 14


def plan_deck(document: PlanDocument, template: bytes | None = None) -> bytes:
    """The deck: title, summary, map, balance, territories, changes, quotas, performance, method.

    Args:
        document: what it says.
        template: the company's own PowerPoint file, whose master and layouts are used; its slides are left out.

    Raises:
        InputError: if the template isn't a PowerPoint file that can be used.
    """
    slides = Slides(opened(template), document, own_looks=template is None)
    slides.title_slide()
    makers: dict[str, Callable[[Slides, Section], None]] = {
        "summary": _summary,
        "map": _map,
        "balance": _balance,
        "territories": _territories,
        "gains": _chart_and_words,
        "quotas": _chart_and_words,
        "best": _words,
        "method": _words,
    }
    open_ends = [f"{s.title}: {m}" for s in document.sections for m in s.missing]
    shown = [s for s in document.sections if not ((s.missing and not _says(s)) or _told_already(s, document))]
    short = len(shown) + 1 + bool(open_ends) < FEWEST
    for section in shown:
        if section.key == "territories" and section.table is not None and short:
            _sizes(slides, section.table)
        makers.get(section.key, _table)(slides, section)
    if open_ends:
        slide, box = slides.add("What would complete this")
        paragraphs(slide, box, open_ends, size=16, bullets=True)
    out = io.BytesIO()
    slides.deck.save(out)
    return out.getvalue()


def opened(template: bytes | None) -> Any:
    """A presentation: Terr's plain one in 16:9, or the company's without its slides.

    Raises:
        InputError: if the template can't be used.
    """
    from pptx import Presentation
    from pptx.util import Inches

    if template is None:
        deck = Presentation()
        deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
        _plain_font(deck)
        return deck
    try:
        deck = Presentation(io.BytesIO(template))
        ids = deck.slides._sldIdLst
        for one in list(ids):
            deck.part.drop_rel(one.rId)
            ids.remove(one)
        fits = any(layout.placeholders for layout in deck.slide_layouts)
    except Exception as error:  # python-pptx raises whatever lxml, zipfile and its own parts do
        raise InputError("the template can't be read; save it in PowerPoint as .pptx and give that file") from error
    if not fits:
        raise InputError("the template has no layout with a title; add one in PowerPoint's slide master")
    return deck


def _plain_font(deck: Any) -> None:
    """Arial, which every office program has or has the widths of, so that lines break alike everywhere."""
    from pptx.opc.constants import RELATIONSHIP_TYPE

    theme = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme._blob = theme.blob.replace(b'typeface="Calibri"', b'typeface="Arial"')


def _told_already(section: Section, document: PlanDocument) -> bool:
    """Nothing but sentences that stand on the summary."""
    summary = document.section("summary")
    if section.key == "summary" or summary is None or not section.sentences:
        return False
    more = section.figures or section.maps or section.bars or section.chart or section.table or section.points
    return not more and set(section.sentences) <= set(summary.sentences)


def _says(section: Section) -> bool:
    return bool(section.sentences or section.figures or section.maps or section.bars or section.table or section.points)


def _summary(slides: Slides, section: Section) -> None:
    slide, box = slides.add(section.title)
    upper, lower = box.split(0.36)
    cards(slide, upper, section.figures, slides.accent)
    paragraphs(slide, lower, section.sentences, size=18, bullets=True)


def _map(slides: Slides, section: Section) -> None:
    slide, box = slides.add(section.title)
    boxes = box.columns(len(section.maps))
    for place, picture in zip(boxes, section.maps, strict=True):
        _one_map(slide, place, picture, named=len(boxes) > 1)


def _one_map(slide: Any, box: Box, picture: MapPicture, *, named: bool) -> None:
    if named:
        head, box = box.split(0.08)
        paragraphs(slide, head, [picture.title], size=14, bold=True)
    map_shapes(slide, box, picture)


def _balance(slides: Slides, section: Section) -> None:
    slide, box = slides.add(section.title)
    upper, lower = box.split(0.14)
    paragraphs(slide, upper, [" ".join(section.sentences)], size=16)
    if section.bars is not None:
        bar_chart(slide, lower, most_uneven(section.bars))


def most_uneven(chart: BarChart, most: int = MOST_BARS) -> BarChart:
    """The same with the bars a slide has room for: those furthest from target, in their order."""
    if len(chart.bars) <= most:
        return chart
    far = sorted(range(len(chart.bars)), key=lambda j: -abs(chart.bars[j].percent - 100))[:most]
    kept = tuple(b for j, b in enumerate(chart.bars) if j in set(far))
    return BarChart(kept, chart.low, chart.high, chart.measure)


def _sizes(slides: Slides, table: Table) -> None:
    """The measure of each territory beside its target."""
    titles = [c.title for c in table.columns]
    at = next((j for j, c in enumerate(table.columns) if c.bar), None)
    if at is None or "Territory" not in titles:
        return
    series = [Series(titles[at], tuple(r[at] for r in table.rows), slides.accent)]
    if "Target" in titles:
        goal = titles.index("Target")
        series.insert(0, Series("Target", tuple(r[goal] for r in table.rows), PLAIN))
    names = tuple(str(r[titles.index("Territory")]) for r in table.rows)
    chart = ColumnChart(f"{titles[at]} by territory", names, tuple(series), table.columns[at].currency)
    _chart_and_words(slides, Section("sizes", chart.title, chart=chart))


def _territories(slides: Slides, section: Section) -> None:
    table = section.table
    if table is None:
        return
    brief = table.brief()
    if len(brief.rows) <= ROWS:
        _table(slides, section)
        return
    narrow = _narrow(brief)
    each = 2 * NARROW_ROWS
    pages = min(MOST_TABLES, -(-len(narrow.rows) // each))
    for page in range(pages):
        last = page == pages - 1
        slide, box = slides.add(section.title if page == 0 else f"{section.title} (continued)")
        rest = len(narrow.rows) - pages * each
        left, right = box.columns(2)
        first = page * each
        swatched_table(slide, left, _rows(narrow, first, NARROW_ROWS), slides.accent, size=10)
        second = _rows(narrow, first + NARROW_ROWS, NARROW_ROWS, total=last and rest <= 0)
        if second.rows or second.total_texts:
            swatched_table(slide, right, second, slides.accent, size=10)
        if last and rest > 0:
            slides.footnote(slide, f"{figure(rest)} more territories are in the workbook.")


def _narrow(table: Table) -> Table:
    """Number, name, sum and deviation alone."""
    titles = [c.title for c in table.columns]
    wanted = [j for j, c in enumerate(table.columns) if c.title in ("#", "Territory", "Accounts", "Deviation") or c.bar]
    return Table(
        table.columns, table.rows, table.texts, table.total, table.total_texts, table.colors, tuple(wanted)
    ).brief() if titles else table  # fmt: skip


def _rows(table: Table, first: int, many: int, *, total: bool = False) -> Table:
    last = first + many
    return Table(
        table.columns,
        table.rows[first:last],
        table.texts[first:last],
        table.total if total else (),
        table.total_texts if total else (),
        table.colors[first:last],
    )


def _table(slides: Slides, section: Section) -> None:
    slide, box = slides.add(section.title)
    words = [" ".join(section.sentences)] if section.sentences else []
    if section.table is None:
        paragraphs(slide, box, words or [*section.points], size=18, bullets=not words)
        return
    if words:
        upper, box = box.split(0.13)
        paragraphs(slide, upper, words, size=16)
    brief = section.table.brief()
    shown = _rows(brief, 0, ROWS if not words else ROWS - 2, total=True)
    swatched_table(slide, box, shown, slides.accent, size=11 if len(shown.columns) < 8 else 10)
    rest = len(brief.rows) - len(shown.rows)
    note = " ".join(
        n for n in (section.note, f"{figure(rest)} more rows are in the workbook." if rest > 0 else "") if n
    )
    if note:
        slides.footnote(slide, note)


def _chart_and_words(slides: Slides, section: Section) -> None:
    if section.chart is None:
        _table(slides, section)
        return
    slide, box = slides.add(section.title)
    words = [" ".join(section.sentences)] if section.sentences else []
    if words:
        upper, box = box.split(0.13)
        paragraphs(slide, upper, words, size=16)
    chart, left_out = _most_changed(section.chart)
    clustered_chart(slide, box, chart)
    note = " ".join(n for n in (section.note, f"{figure(left_out)} more are in the workbook." if left_out else "") if n)
    if note:
        slides.footnote(slide, note)


def _most_changed(chart: ColumnChart, most: int = MOST_PAIRS) -> tuple[ColumnChart, int]:
    """The same with the categories there is room for, and how many are left out."""
    kept = chart.most_different(most)
    series = tuple(Series(s.name, tuple(s.values[j] for j in kept), s.color) for s in chart.series)
    cut = ColumnChart(chart.title, tuple(chart.categories[j] for j in kept), series, chart.currency)
    return cut, len(chart.categories) - len(kept)


def _words(slides: Slides, section: Section) -> None:
    slide, box = slides.add(section.title)
    said = [*section.sentences, *section.points]
    paragraphs(slide, box, [shortened(s, 400) for s in said], size=16, bullets=len(said) > 1)
