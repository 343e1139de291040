"""The map's palette: twelve colors that all differ for every kind of color vision."""

from __future__ import annotations

TERRITORY_COLORS = (
    "#E69E6C",
    "#428FEE",
    "#26C8B5",
    "#DDD660",
    "#3F6598",
    "#B6313C",
    "#E7A5F2",
    "#9D5004",
    "#A0E0AF",
    "#DE6F77",
    "#8C516A",
    "#AF9923",
)
"""Two shades of six hues. Any two differ by a CIE76 distance of at least 20, seen normally and with protanopia,
deuteranopia or tritanopia (simulated after Machado, Oliveira and Fernandes 2009,
https://doi.org/10.1109/TVCG.2009.113); the seven of Okabe and Ito (2008), measured so, by 16. Found by annealing."""

COLOR_NAMES = ("Orange", "Blue", "Teal", "Yellow", "Navy", "Red", "Lilac", "Brown", "Mint", "Coral", "Plum", "Olive")
"""What a person calls them, in the same order."""

OKABE_ITO = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
"""Okabe and Ito (2008), "Color Universal Design", without black: for charts of a few categories."""

ACCENT = "#0B6E75"
NEUTRAL = "#9AA1AB"


def color(index: int) -> str:
    """Hex color of a territory's color index (taken modulo the palette)."""
    return TERRITORY_COLORS[index % len(TERRITORY_COLORS)]
