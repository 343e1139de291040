"""How far a rep drives to see every account of a round once, estimated from where the accounts and the home lie.

A round over n accounts, at most C calls a day, takes m = max(1, n / C) days and

    km = k (1 - m / n) (s_1 + ... + s_n) + 2 m r        k = 0.7124

r is the mean distance from home to the accounts, s_i the spacing around account i: 1 / sqrt(accounts per km2 there).

Sources. J. Beardwood, J. H. Halton, J. M. Hammersley, "The shortest path through many points", Proc. Cambridge
Philosophical Society 55 (1959): the shortest tour of n points of density f tends to k sum 1 / sqrt(n f), so dense and
sparse places may differ. D. S. Johnson, L. A. McGeoch, E. E. Rothberg, "Asymptotic experimental analysis for the
Held-Karp traveling salesman bound", SODA (1996): k = 0.7124. C. F. Daganzo, "The distance traveled to visit N points
with a maximum of C stops per vehicle", Transportation Science 18 (1984): the trips out and back, 2 m r. M. A.
Figliozzi, "Planning approximations to the average length of vehicle routing problems with varying customer demands and
routing constraints", Transportation Research Record 2089 (2008): 1 - m / n, for the legs that the trips home replace.

Spacing is read off the distance d to the third nearest other place: among points thrown at random its mean is
G(3.5) / (G(3) sqrt(pi density)), G the gamma function. At the rim of a territory neighbors lie on one side only; over
random points in squares and discs this makes spacings too large by 1 + 0.85 / sqrt(n), which is divided out (own
measurement, n = 2 to 1,000).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
TOUR = 0.7124
RIM = 0.85
NEIGHBOUR = 3
EARTH_KM = 6371.0


def xyz(lat: Floats, lon: Floats) -> Floats:
    """Points in degrees as float64 (n, 3) km from the earth's centre; NaN where either is NaN."""
    a, b = np.radians(lat), np.radians(lon)
    out: Floats = EARTH_KM * np.stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)], axis=1)
    return out


def along(chord: Floats) -> Floats:
    """Great-circle km of straight lines through the earth, in km."""
    out: Floats = 2 * EARTH_KM * np.arcsin(np.clip(chord / (2 * EARTH_KM), 0.0, 1.0))
    return out


def distance(a: Floats, b: Floats) -> Floats:
    """Great-circle km between points given as `xyz`; the last axis is the coordinates."""
    return along(np.linalg.norm(a - b, axis=-1))


def spacing(points: Floats, exact: NDArray[np.bool_]) -> Floats:
    """Spacing around each account in km.

    Several accounts at one point are one place. If the point is theirs ("exact"), a tour comes by once, and they share
    it; if it only stands for a ZIP or a city, they are somewhere around it, and the more of them, the denser.

    Args:
        points: float64 (n, 3), as `xyz` gives them, none NaN.
        exact: bool (n,), False where the point only stands for an area.
    """
    n = len(points)
    # a metre apart is one place
    grid = np.round(points * 1000.0).astype(np.int64) + 2**23
    node, _ = pd.factorize((pd.factorize(grid[:, 0] * 2**24 + grid[:, 1])[0] << 24) + grid[:, 2])
    _, first, many = np.unique(node, return_index=True, return_counts=True)
    places = points[first]
    k = min(NEIGHBOUR, len(places) - 1)
    if k < 1:
        return np.zeros(n)
    chord = cKDTree(places).query(places, k=[k + 1])[0][:, 0]
    factor = math.sqrt(math.pi) * math.gamma(k) / math.gamma(k + 0.5)
    around = factor * along(chord) / (1.0 + RIM / math.sqrt(len(places)))
    share = np.where(exact[first], 1.0 / many, 1.0 / np.sqrt(many))
    out: Floats = (around * share)[node]
    return out


@dataclass(frozen=True, eq=False)
class Round:
    """One call on every account of a set.

    Attributes:
        between: float64 (n,), km from call to call, each account's share.
        home: float64 (n,), km out from home and back, each account's share.
        days: how many days the round takes.
    """

    between: Floats
    home: Floats
    days: float


def one_round(
    points: Floats, exact: NDArray[np.bool_], from_home: Floats, calls_a_day: float, least_km: float, trips: int = 1
) -> Round:
    """The km of a round as the crow flies; the shares of all accounts add up to the formula above.

    Args:
        points: float64 (n, 3), as `xyz` gives them, none NaN; n at least 1.
        exact: as in `spacing`.
        from_home: float64 (n,), km from home.
        calls_a_day: at most so many calls a day, 1 or more.
        least_km: between two calls at least so far.
        trips: at least so many days (one for each rep that shares the round), but no more than accounts.
    """
    n = len(points)
    days = min(max(float(trips), n / calls_a_day), float(n))
    legs = 1.0 - days / n
    between = legs * np.maximum(TOUR * spacing(points, exact), least_km)
    return Round(between, 2.0 * from_home * days / n, days)
