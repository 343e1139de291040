"""What another alignment of territories would sell: an estimate with its model in sight, never a default.

An account of potential a that is given t hours sells a ^ (1 - e) x t ^ e: a concave response of constant elasticity e,
the form of B. Skiera and S. Albers, "COSTA: Contribution Optimizing Sales Territory Alignment", Marketing Science
17(3), 1998. A rep who splits T hours among accounts of potential A in all as is best sells A ^ (1 - e) x T ^ e, so
that even territories sell more than uneven ones of the same sum. What changes hands loses a share in the first year.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.people.sizing import USUAL_ELASTICITY

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UpliftAssumptions:
    """All that the estimate rests on.

    Attributes:
        elasticity: low, likely and high elasticity of sales to selling time, each between 0 and 1 without the ends.
        loss: low, likely and high share of what changes hands that is lost in the first year, each 0 to 1.
    """

    elasticity: tuple[float, float, float] = (0.2, USUAL_ELASTICITY, 0.4)
    loss: tuple[float, float, float] = (0.0, 0.05, 0.15)

    def __post_init__(self) -> None:
        if list(self.elasticity) != sorted(self.elasticity) or not all(0 < e < 1 for e in self.elasticity):
            raise InputError("the elasticity lies between 0 and 1, low at most likely, likely at most high")
        if list(self.loss) != sorted(self.loss) or not all(0 <= v <= 1 for v in self.loss):
            raise InputError("what is lost lies between 0% and 100%, low at most likely, likely at most high")


@dataclass(frozen=True)
class Uplift:
    """Sales of the second plan over those of the first, less 1, as shares.

    Attributes:
        low, likely, high: with what is lost where accounts change hands.
        alignment: likely, of the alignment alone; disruption: likely, what is lost (0 or less).
    """

    low: float
    likely: float
    high: float
    alignment: float
    disruption: float


def expected_sales(potential: Floats, effort: Floats, elasticity: float) -> float:
    """Sales of territories whose reps split their time as is best: sum of A ^ (1 - e) x T ^ e.

    Args:
        potential: float64 (k,) potential of each territory's accounts, 0 or more.
        effort: float64 (k,) selling time of each territory, 0 or more.
        elasticity: e, between 0 and 1.
    """
    return float((np.maximum(potential, 0.0) ** (1.0 - elasticity) * np.maximum(effort, 0.0) ** elasticity).sum())


def uplift(
    before: tuple[Floats, Floats],
    after: tuple[Floats, Floats],
    moved: float,
    assumed: UpliftAssumptions = UpliftAssumptions(),
) -> Uplift:
    """Compare two alignments.

    Args:
        before, after: float64 (k,) potential and float64 (k,) selling time of the territories of each.
        moved: share of the potential that changes hands, 0 to 1.
        assumed: what the estimate rests on.

    Raises:
        InputError: if the first plan sells nothing by this model, or `moved` is no share.
    """
    if not 0.0 <= moved <= 1.0:
        raise InputError("the share that changes hands lies between 0% and 100%")

    def gained(elasticity: float) -> float:
        was = expected_sales(*before, elasticity)
        if not was > 0:
            raise InputError("the first plan has no potential in a territory with a rep, so nothing can be compared")
        return expected_sales(*after, elasticity) / was - 1.0

    gains = [gained(e) for e in assumed.elasticity]
    ends = [gain - moved * lost for gain, lost in product(gains, assumed.loss)]
    likely_loss = -moved * assumed.loss[1]
    return Uplift(min(ends), gains[1] + likely_loss, max(ends), gains[1], likely_loss)
