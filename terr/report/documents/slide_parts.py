"""Parts of a slide: title, text, cards, tables, native charts, and a map of freeform shapes."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from terr.model.wording import money_pattern, number_language
from terr.report.documents.content import (
    ACCENT,
    BarChart,
    ColumnChart,
    Figure,
    MapPicture,
    PlanDocument,
    Table,
)
from terr.report.documents.map_svg import drawn, rings, text_width
from terr.report.documents.plan_pdf import shortened
from terr.report.documents.typst_pdf import clean
from terr.report.safe import is_formula

INK, QUIET, PAPER, HAIR = "14171C", "5B6370", "F5F6F8", "D5D8DC"
_LINK = re.compile(r"(?:ftp|http)s?://|mailto:|internal:|external:", re.IGNORECASE)
EMU = 914_400
SAFE = 1.2
"""Other fonts are so much wider than the one texts are measured in; a company's template may have any."""
POINTS_OF_A_SHAPE = 1_500
"""Corners of one territory's freeform; more are thinned out."""


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    def split(self, share: float) -> tuple[Box, Box]:
        """The upper part and the rest, with a gap."""
        high = self.height * share
        gap = 0.12
        return (
            Box(self.left, self.top, self.width, high),
            Box(self.left, self.top + high + gap, self.width, self.height - high - gap),
        )

    def columns(self, n: int) -> list[Box]:
        """The same side by side."""
        gap = 0.3
        wide = (self.width - gap * (n - 1)) / n
        return [Box(self.left + i * (wide + gap), self.top, wide, self.height) for i in range(n)]

    @property
    def emu(self) -> tuple[int, int, int, int]:
        """Left, top, width, height as PowerPoint counts."""
        return tuple(int(v * EMU) for v in (self.left, self.top, self.width, self.height))  # type: ignore[return-value]


class Slides:
    """A deck being made: one place for its looks.

    Args:
        deck: a python-pptx presentation.
        document: what it is about.
        own_looks: titles are styled here; else the template's master does it.
    """

    def __init__(self, deck: Any, document: PlanDocument, *, own_looks: bool) -> None:
        self.deck, self.document, self.own_looks = deck, document, own_looks
        self.accent = document.brand.accent
        self.width, self.height = deck.slide_width / EMU, deck.slide_height / EMU
        deck.core_properties.title = clean(document.title)[:250]
        deck.core_properties.author = clean(document.brand.company)[:250]
        deck.core_properties.created = deck.core_properties.modified = document.made.replace(tzinfo=None)

    def title_slide(self) -> None:
        """The first slide: logo, title, subtitle, date."""
        slide = self.deck.slides.add_slide(self._layout(first=True))
        name = shortened(clean(self.document.title), 120)
        _drop_others(slide)
        middle = Box(0.9, 0.36 * self.height, self.width - 1.8, 1.5)
        if slide.shapes.title is not None:
            slide.shapes.title.text = name
            if self.own_looks:
                _place(slide.shapes.title, middle)
                _style(slide.shapes.title.text_frame, 40 if len(name) < 50 else 28, INK, bold=True)
        else:
            paragraphs(slide, middle, [name], size=36, bold=True)
        below = Box(0.9, middle.top + 1.6, self.width - 1.8, 1.2)
        company = [self.document.brand.company] if self.document.brand.company else []
        said = [self.document.subtitle, " · ".join([*company, self.document.date])]
        paragraphs(slide, below, said, size=18, color=QUIET)
        if self.own_looks:
            _bar(slide, Box(0.6, middle.top + 0.1, 0.08, 2.5), self.accent)
        if self.document.brand.logo:
            self._logo(slide)
        self._footer(slide)

    def add(self, title: str) -> tuple[Any, Box]:
        """A slide with a title, and the place that is free below it."""
        slide = self.deck.slides.add_slide(self._layout())
        _drop_others(slide)
        name = shortened(clean(title), 90)
        top = 1.25
        head = slide.shapes.title
        if head is not None:
            head.text = name
            if self.own_looks:
                _place(head, Box(0.6, 0.35, self.width - 1.2, 0.75))
                _style(head.text_frame, 26, self.accent.lstrip("#"), bold=True)
            elif head.top is not None and head.height is not None:
                top = min(0.4 * self.height, max(0.8, (head.top + head.height) / EMU + 0.1))
        else:
            paragraphs(slide, Box(0.6, 0.35, self.width - 1.2, 0.75), [name], size=26, bold=True)
        self._footer(slide)
        return slide, Box(0.6, top, self.width - 1.2, self.height - top - 0.85)

    def footnote(self, slide: Any, text: str) -> None:
        """A line above the footer."""
        paragraphs(slide, Box(0.6, self.height - 0.82, self.width - 1.2, 0.3), [text], size=11, color=QUIET)

    def _footer(self, slide: Any) -> None:
        number = len(self.deck.slides)
        box = Box(0.6, self.height - 0.5, self.width - 2.6, 0.32)
        paragraphs(slide, box, [shortened(self.document.source, 170)], size=9, color=QUIET)
        right = Box(self.width - 2.6, self.height - 0.5, 2.0, 0.32)
        paragraphs(slide, right, [f"{self.document.date}   {number}"], size=9, color=QUIET, right=True)

    def _logo(self, slide: Any) -> None:
        picture = slide.shapes.add_picture(io.BytesIO(self.document.brand.logo), int(0.9 * EMU), int(0.7 * EMU))
        scale = min(3.0 * EMU / picture.width, 0.9 * EMU / picture.height)
        picture.width, picture.height = int(picture.width * scale), int(picture.height * scale)
        picture.name = "Logo"

    def _layout(self, *, first: bool = False) -> Any:
        """The layout with a title that has the fewest other places; for the first slide one called so."""
        from pptx.enum.shapes import PP_PLACEHOLDER

        titles = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE)
        known = [
            (sum(1 for p in layout.placeholders if p.placeholder_format.type not in titles), i, layout)
            for i, layout in enumerate(self.deck.slide_layouts)
            if any(p.placeholder_format.type in titles for p in layout.placeholders)
        ]
        if first:
            for _, _, layout in known:
                if any(p.placeholder_format.type == PP_PLACEHOLDER.CENTER_TITLE for p in layout.placeholders):
                    return layout
        return min(known, key=lambda k: k[:2])[2] if known else self.deck.slide_layouts[0]


def paragraphs(
    slide: Any,
    box: Box,
    texts: Sequence[str],
    *,
    size: float,
    bold: bool = False,
    color: str = INK,
    bullets: bool = False,
    right: bool = False,
) -> None:
    """Texts in a box, as large as fits: the size falls until they do."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

    shape = slide.shapes.add_textbox(*box.emu)
    frame = shape.text_frame
    frame.word_wrap = True
    frame.vertical_anchor = MSO_ANCHOR.TOP
    frame.margin_left = frame.margin_right = int(0.02 * EMU)
    frame.margin_top = frame.margin_bottom = 0
    said = [clean(t) for t in texts if t]
    fits = fitted(said, box, size, bullets=bullets)
    for n, text in enumerate(said):
        one = frame.paragraphs[0] if n == 0 else frame.add_paragraph()
        run = one.add_run()
        run.text = text
        if bullets:
            _bullet(one, fits)
        _font(run.font, fits, color, bold=bold)
        one.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
        one.space_after = _points(0.45 * fits) if bullets else 0


def _bullet(paragraph: Any, size: float) -> None:
    """A real bullet with a hanging indent."""
    from lxml import etree
    from pptx.oxml.ns import qn

    properties = paragraph._p.get_or_add_pPr()
    indent = int(1.1 * size * 12_700)
    properties.set("marL", str(indent))
    properties.set("indent", str(-indent))
    etree.SubElement(properties, qn("a:buFont")).set("typeface", "Arial")
    etree.SubElement(properties, qn("a:buChar")).set("char", "•")


def fitted(texts: Sequence[str], box: Box, size: float, *, bullets: bool = False) -> float:
    """The largest size up to `size`, in points, at which texts fit a box; at least 8."""
    fits = size
    while fits > 8:
        lines = sum(
            max(1, int(np.ceil(SAFE * text_width(t, fits) / 72 / max(0.1, box.width - (0.3 if bullets else 0.05)))))
            for t in texts
        )
        gaps = 0.45 * fits * len(texts) if bullets else 0.0
        if (lines * fits * 1.22 + gaps) / 72 <= box.height:
            break
        fits -= 0.5
    return fits


def cards(slide: Any, box: Box, figures: Sequence[Figure], accent: str) -> None:
    """Figures side by side."""
    for place, figure in zip(box.columns(max(1, len(figures))), figures, strict=False):
        shape = slide.shapes.add_shape(1, *place.emu)
        shape.name = f"Figure: {clean(figure.label)[:60]}"
        _fill(shape, PAPER)
        inner = Box(place.left + 0.15, place.top + 0.15, place.width - 0.3, place.height - 0.3)
        high = inner.height
        paragraphs(slide, Box(inner.left, inner.top, inner.width, 0.2 * high), [figure.label], size=14, color=QUIET)
        value = Box(inner.left, inner.top + 0.25 * high, inner.width, 0.45 * high)
        paragraphs(slide, value, [figure.value], size=32, bold=True, color=accent.lstrip("#"))
        note = Box(inner.left, inner.top + 0.76 * high, inner.width, 0.24 * high)
        paragraphs(slide, note, [figure.note], size=12, color=QUIET)


def swatched_table(slide: Any, box: Box, table: Table, accent: str, *, size: float) -> None:
    """A native table; rows in the color of their territory at the left."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

    total = bool(table.total_texts)
    rows = 1 + len(table.rows) + total
    high = min(0.38, box.height / max(1, rows))
    left = 0.12 if table.colors else 0.0
    place = Box(box.left + left, box.top, box.width - left, high * rows)
    shape = slide.shapes.add_table(rows, len(table.columns), *place.emu)
    made = shape.table
    made.first_row, made.horz_banding = True, False
    shares = _widths(table, size)
    for j, share in enumerate(shares):
        made.columns[j].width = int(place.width * share * EMU)
    size = min(size, 0.62 * high * 72 - 0.5)
    lines = [tuple(c.title for c in table.columns), *table.texts, *([table.total_texts] if total else [])]
    for i, line in enumerate(lines):
        made.rows[i].height = int(high * EMU)
        head, last = i == 0, total and i == len(lines) - 1
        for j, text in enumerate(line):
            cell = made.cell(i, j)
            cell.margin_left = cell.margin_right = int(0.05 * EMU)
            cell.margin_top = cell.margin_bottom = int(0.01 * EMU)
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            cell.fill.solid()
            cell.fill.fore_color.rgb = _rgb(accent if head else PAPER if last else "FFFFFF")
            wide = place.width * shares[j] - 0.12
            cell.text = _cut(clean(text), wide, size)
            one = cell.text_frame.paragraphs[0]
            cell.text_frame.word_wrap = False
            one.alignment = PP_ALIGN.RIGHT if table.columns[j].numeric else PP_ALIGN.LEFT
            for run in one.runs:
                _font(run.font, size, "FFFFFF" if head else INK, bold=head or last)
    for i, color in enumerate(table.colors):
        _bar(slide, Box(box.left, box.top + (i + 1) * high + 0.03, 0.08, high - 0.06), color)


def _widths(table: Table, size: float) -> list[float]:
    """Share of the width for each column: what its cells need, long texts capped."""
    need = []
    for j, column in enumerate(table.columns):
        cells = [column.title, *(r[j] for r in table.texts), *([table.total_texts[j]] if table.total_texts else [])]
        widest = max(text_width(clean(c, 60), size) for c in cells)
        need.append(min(widest, 26 * size * 0.5) + 16)
    whole = sum(need)
    return [n / whole for n in need]


def _cut(text: str, inches: float, size: float) -> str:
    """A text that fits on one line of a cell."""
    if SAFE * text_width(text, size) / 72 <= inches:
        return text
    cut = text
    while cut and SAFE * text_width(cut + "…", size) / 72 > inches:
        cut = cut[:-1]
    return cut.rstrip() + "…"


def bar_chart(slide: Any, box: Box, chart: BarChart) -> None:
    """Territories in percent of target as a native bar chart, each bar in its color."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE, XL_TICK_LABEL_POSITION

    data = CategoryChartData(number_format='0.0"%"')
    data.categories = [chart_name(b.name) for b in chart.bars]
    data.add_series(chart_name(f"{chart.measure}, % of target"), [round(b.percent, 2) for b in chart.bars])
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *box.emu, data)
    frame.name = "Balance"
    made = frame.chart
    made.has_legend, made.has_title = False, False
    plot = made.plots[0]
    plot.gap_width, plot.vary_by_categories = 35, False
    plot.has_data_labels = True
    _font(plot.data_labels.font, 10, INK)
    plot.data_labels.number_format, plot.data_labels.number_format_is_linked = '0.0"%"', False
    for point, bar in zip((plot.series[0].points[i] for i in range(len(chart.bars))), chart.bars, strict=True):
        point.format.fill.solid()
        point.format.fill.fore_color.rgb = _rgb(bar.color)
    _axes(made, '0"%"')
    made.category_axis.reverse_order = True
    made.value_axis.minimum_scale = 0
    made.value_axis.maximum_scale = 10 * np.ceil(max(120.0, *(b.percent * 1.08 for b in chart.bars)) / 10)
    made.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH  # below, since the names run downward
    made.value_axis.major_gridlines.format.line.color.rgb = _rgb(HAIR)


def clustered_chart(slide: Any, box: Box, chart: ColumnChart) -> None:
    """Several series by category as a native bar chart, names at the left."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION

    data = CategoryChartData(number_format=_money(chart.currency, "#,##0"))
    data.categories = [chart_name(c) for c in chart.categories]
    for series in chart.series:
        data.add_series(chart_name(series.name), series.values)
    frame = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *box.emu, data)
    frame.name = clean(chart.title)[:80]
    made = frame.chart
    made.has_title = False
    made.has_legend = len(chart.series) > 1
    if made.has_legend:
        made.legend.position, made.legend.include_in_layout = XL_LEGEND_POSITION.TOP, False
        _font(made.legend.font, 12, INK)
    plot = made.plots[0]
    plot.gap_width, plot.overlap, plot.vary_by_categories = 60, -5, False
    for made_series, series in zip(plot.series, chart.series, strict=True):
        made_series.format.fill.solid()
        made_series.format.fill.fore_color.rgb = _rgb(series.color or ACCENT)
    most = max((abs(v) for s in chart.series for v in s.values if v is not None), default=0.0)
    million = number_language().million
    _axes(made, _money(chart.currency, f'#,##0.0,,"{million}"' if most >= 1e6 else "#,##0"))
    made.category_axis.reverse_order = True
    made.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    made.value_axis.major_gridlines.format.line.color.rgb = _rgb(HAIR)


def _money(currency: str, digits: str) -> str:
    """How PowerPoint writes amounts of a chart; it has separators by its reader's own settings."""
    if currency != "USD":
        return digits
    before, after = money_pattern().replace("¤", "$").split("#")
    return (f'"{before}"' if before else "") + digits + (f'"{after}"' if after else "")


def _axes(chart: Any, picture: str) -> None:
    for axis in (chart.category_axis, chart.value_axis):
        _font(axis.tick_labels.font, 10, INK)
        axis.format.line.color.rgb = _rgb(HAIR)
    chart.category_axis.has_major_gridlines = False
    chart.value_axis.has_major_gridlines = True
    chart.value_axis.tick_labels.number_format = picture
    chart.value_axis.tick_labels.number_format_is_linked = False


def chart_name(text: str) -> str:
    """A name for the workbook inside a chart: never a formula or a link there."""
    name = shortened(clean(text), 40)
    return "\u2060" + name if is_formula(name) or name.startswith("{=") or _LINK.match(name) else name


def map_shapes(slide: Any, box: Box, picture: MapPicture) -> None:
    """A map as freeform shapes, one for each territory, with its label; they can be colored and moved."""
    size = 11.0
    found = drawn(picture, box.width * 72, box.height * 72, size)
    left = box.left + (box.width - found.width / 72) / 2
    for one in found.shapes:
        outlines = [r for r in _thinned(one.geometry) if len(r) > 3]
        if not outlines:
            continue
        builder = None
        for ring in outlines:
            points = [(int((left + x / 72) * EMU), int((box.top + y / 72) * EMU)) for x, y in ring.tolist()]
            if builder is None:
                builder = slide.shapes.build_freeform(*points[0], scale=1.0)
            else:
                builder.move_to(*points[0])
            builder.add_line_segments(points[1:], close=True)
        if builder is None:
            continue
        shape = builder.convert_to_shape()
        shape.name = clean(one.shape.name)[:120]
        _fill(shape, one.shape.color, line="FFFFFF")
    for one in found.shapes:
        if one.at is not None:
            wide = text_width(one.label, size) / 72 + 0.3
            place = Box(left + one.at[0] / 72 - wide / 2, box.top + one.at[1] / 72 - 0.12, wide, 0.24)
            _label(slide, place, one.label, size)


def _thinned(geometry: Any) -> list[Any]:
    """Rings with at most `POINTS_OF_A_SHAPE` corners in all; specks that can't be seen are left out."""
    tolerance, shape = 0.4, geometry
    while True:
        found = [r for r in rings(shape) if shapely.Polygon(r).area > 0.8] if not shape.is_empty else []
        if sum(len(r) for r in found) <= POINTS_OF_A_SHAPE or tolerance > 20:
            return found
        shape = shapely.simplify(geometry, tolerance)
        tolerance *= 1.6


def _label(slide: Any, box: Box, text: str, size: float) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

    shape = slide.shapes.add_textbox(*box.emu)
    frame = shape.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.word_wrap, frame.vertical_anchor = False, MSO_ANCHOR.MIDDLE
    one = frame.paragraphs[0]
    one.alignment = PP_ALIGN.CENTER
    run = one.add_run()
    run.text = clean(text)
    _font(run.font, size, INK, bold=True)
    _glow(run)


def _glow(run: Any) -> None:
    """A white glow, so that a name can be read on any color."""
    from lxml import etree
    from pptx.oxml.ns import qn

    properties = run._r.get_or_add_rPr()
    effects = etree.Element(qn("a:effectLst"))
    glow = etree.SubElement(effects, qn("a:glow"))
    glow.set("rad", "50800")
    color = etree.SubElement(glow, qn("a:srgbClr"))
    color.set("val", "FFFFFF")
    etree.SubElement(color, qn("a:alpha")).set("val", "85000")
    fill = properties.find(qn("a:solidFill"))
    properties.insert(0 if fill is None else list(properties).index(fill) + 1, effects)


def _drop_others(slide: Any) -> None:
    """Take away empty places of the layout but the title."""
    for shape in list(slide.placeholders):
        if slide.shapes.title is None or shape.shape_id != slide.shapes.title.shape_id:
            shape._element.getparent().remove(shape._element)


def _place(shape: Any, box: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = box.emu


def _style(frame: Any, size: float, color: str, *, bold: bool) -> None:
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

    frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.MIDDLE
    frame.margin_left = frame.margin_right = int(0.02 * EMU)
    for one in frame.paragraphs:
        one.alignment = PP_ALIGN.LEFT
        for run in one.runs:
            _font(run.font, size, color, bold=bold)


def _bar(slide: Any, box: Box, color: str) -> None:
    _fill(slide.shapes.add_shape(1, *box.emu), color)


def _fill(shape: Any, color: str, *, line: str = "") -> None:
    shape.fill.solid()
    shape.fill.fore_color.rgb = _rgb(color)
    shape.shadow.inherit = False
    if line:
        shape.line.color.rgb = _rgb(line)
        shape.line.width = 9_525
    else:
        shape.line.fill.background()


def _font(font: Any, size: float, color: str, *, bold: bool = False) -> None:
    font.size, font.bold = _points(size), bold
    font.color.rgb = _rgb(color)


def _points(size: float) -> int:
    return int(round(size * 2) / 2 * 12_700)


def _rgb(color: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(color.lstrip("#").upper())
