"""A SWOT drafted only from figures whose interval excludes the team's, and what people made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from terr.errors import InputError
from terr.model.wording import figure, percent_figure
from terr.planbook.content import QUADRANTS, SwotEdit

LEAST = 5
"""Deals or customers below which nothing is said."""


@dataclass(frozen=True)
class ComparedRate:
    """A rate with its interval beside the team's.

    Attributes:
        key: stays the same when figures change, such as "win rate:Retail".
        what: "win rate in Retail".
        own, low, high: estimate and ends of its 90% interval; team: of all; shares 0 to 1.
        got, tried: what the rate is of, such as 40 won of 98 deals; of: "deals".
        market: it tells of the market here (opportunity, threat), not of the territory's own work; more: said of it.
    """

    key: str
    what: str
    own: float
    low: float
    high: float
    team: float
    got: int
    tried: int
    of: str = "deals"
    market: bool = False
    more: str = ""

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise InputError("the low end of an interval lies above its high end")

    @property
    def clear(self) -> bool:
        """Whether the interval excludes the team's figure, with enough behind it."""
        return self.tried >= LEAST and (self.low > self.team or self.high < self.team)


@dataclass(frozen=True)
class SwotLine:
    """One line of a SWOT.

    Attributes:
        quadrant: one of `QUADRANTS`; key: of the figure it comes from, "" = a person's own.
        text: what it says; drafted: what the figures say today, "" if they don't say it (any more).
        edited: a person wrote it; hidden: a person left it out.
    """

    quadrant: str
    key: str
    text: str
    drafted: str
    edited: bool = False
    hidden: bool = False

    @property
    def unclear(self) -> bool:
        """A person's wording of a figure that isn't clear of the team's any more."""
        return bool(self.key) and not self.drafted


def draft_swot(rates: Sequence[ComparedRate]) -> tuple[SwotLine, ...]:
    """A line for each rate that is clear, the farthest from the team's in widths of its interval first."""
    found = sorted((r for r in rates if r.clear), key=lambda r: (-_distance(r), r.key))
    out = []
    for r in found:
        good = r.low > r.team
        quadrant = QUADRANTS[(2 if r.market else 0) + (0 if good else 1)]
        own, team, low, high = (percent_figure(100 * v, ".0f") for v in (r.own, r.team, r.low, r.high))
        text = (
            f"{r.what} {own}, {'all segments' if r.market else 'team'} {team} ({percent_figure(90, 'd')} interval "
            f"{low} to {high}; {figure(r.got)} of {figure(r.tried)} {r.of})"
        )
        text = text[0].upper() + text[1:] + (f"; {r.more}" if r.more else "") + "."
        out.append(SwotLine(quadrant, r.key, text, text))
    return tuple(out)


def _distance(r: ComparedRate) -> float:
    away = r.low - r.team if r.low > r.team else r.team - r.high
    return away / max(r.high - r.low, 1e-9)


def with_edits(drafted: Sequence[SwotLine], edits: Sequence[SwotEdit]) -> tuple[SwotLine, ...]:
    """The lines as people left them: their wording stays whatever becomes of the figures.

    A drafted line that a person reworded, moved to another quadrant or left out stays so. One whose figure isn't clear
    any more stays if a person worded it, and says so; else it goes.
    """
    of = {e.key: e for e in edits if e.key}
    out = []
    for line in drafted:
        edit = of.pop(line.key, None)
        if edit is None:
            out.append(line)
        else:
            text = edit.text or line.text
            out.append(SwotLine(edit.quadrant, line.key, text, line.drafted, bool(edit.text), edit.hidden))
    out += [SwotLine(e.quadrant, e.key, e.text, "", True, e.hidden) for e in of.values() if e.text]
    out += [SwotLine(e.quadrant, "", e.text, "", True, e.hidden) for e in edits if not e.key]
    return tuple(out)
