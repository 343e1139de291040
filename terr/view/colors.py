"""The map's palette. Few hues that colour-blind eyes tell apart; borders and labels tell same-coloured ones apart."""

from __future__ import annotations

OKABE_ITO = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
"""Okabe and Ito (2008), "Color Universal Design", without black: smallest CIE76 difference under simulated
colour blindness 10.9, where a palette of 20 hues has 1.6 to 4.2."""

ACCENT = "#0B6E75"
NEUTRAL = "#9AA1AB"


def color(index: int) -> str:
    """Hex colour of a territory's colour index (taken modulo the palette)."""
    return OKABE_ITO[index % len(OKABE_ITO)]
