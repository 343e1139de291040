"""What reps think of territories: ratings with reasons, beside the figures of a plan and as a weight of its quotas."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.json_values import read, to_plain
from terr.model.person import NOONE, Person
from terr.store.repositories.marks import RATING
from terr.workspace.workspace import Workspace

STARS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class TerritoryRating:
    """What a person thinks of a territory.

    Attributes:
        territory: its code; name: as it was called then.
        stars: 1 (poor) to 5 (excellent); reason: why.
        by: who, at: UTC.
    """

    territory: int
    name: str
    stars: int
    reason: str
    by: Person = NOONE
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    def __post_init__(self) -> None:
        if self.stars not in STARS:
            raise InputError("a rating has 1 to 5 stars")
        if not self.reason.strip():
            raise InputError("a rating needs a reason, such as more opportunity in health than in food")


def rate(ws: Workspace, scenario_id: str, territory: int, stars: int, reason: str, *, by: Person) -> TerritoryRating:
    """Rate a territory, with a reason; a person's later rating of it takes the place of the earlier one.

    Raises:
        InputError: for a rating without a reason, or a territory that isn't there. RoleError: if the person may not.
    """
    plan, _ = ws.plan(scenario_id)
    names = {t.code: t.name for t in plan.territories}
    if territory not in names:
        raise InputError("this territory isn't in the plan any more; choose another")
    made = TerritoryRating(territory, names[territory], stars, reason.strip(), by)
    told: dict[str, Any] = {"territory": territory, "name": made.name, "stars": stars, "reason": made.reason}
    line = f"Rated {made.name} {stars} of 5: {made.reason}"[:1_000]
    ws.store.reviews.rate(scenario_id, told, line, by=by)
    return made


def ratings(ws: Workspace, scenario_id: str) -> tuple[TerritoryRating, ...]:
    """Each person's latest rating of each territory, oldest first."""
    newest: dict[tuple[str, str, int], TerritoryRating] = {}
    for one in ws.store.reviews.of(scenario_id, RATING):
        told = {**one.told, "by": to_plain(one.by), "at": one.at.isoformat()}
        made = read(TerritoryRating, told, "a rating")
        key = (one.by.user_id, one.by.name, made.territory)
        newest.pop(key, None)
        newest[key] = made
    return tuple(newest.values())


def ratings_table(ws: Workspace, scenario_id: str) -> pd.DataFrame:
    """One row per territory of a plan: `Territory`, `Rating` (mean of 1 to 5, NaN without), `Ratings`, `Reasons`."""
    plan, _ = ws.plan(scenario_id)
    told = ratings(ws, scenario_id)
    rows = []
    for t in plan.territories:
        mine = [r for r in told if r.territory == t.code]
        mean = sum(r.stars for r in mine) / len(mine) if mine else float("nan")
        rows.append((t.name, mean, len(mine), "; ".join(f"{r.by.name or 'Someone'}: {r.reason}" for r in mine)))
    return pd.DataFrame(rows, columns=["Territory", "Rating", "Ratings", "Reasons"])


def rating_weights(ws: Workspace, scenario_id: str) -> tuple[NDArray[np.float64], str]:
    """What ratings make of the territories' potential, and that in a sentence, "" where nobody rated any.

    A territory's weight is its mean rating over the mean of all rated territories; one without a rating counts once.

    Returns:
        float64 (territories,) in plan order.
    """
    table = ratings_table(ws, scenario_id)
    stars = table["Rating"].to_numpy(dtype=np.float64)
    rated = np.isfinite(stars)
    weights = np.ones(len(stars))
    if not rated.any():
        return weights, ""
    weights[rated] = stars[rated] / stars[rated].mean()
    order = np.flatnonzero(rated)[np.argsort(-weights[rated], kind="stable")]
    names = table["Territory"].tolist()
    some = [f"{names[k]} {weights[k]:.2f} times ({stars[k]:.1f} of 5)" for k in order[:6].tolist()]
    more = f" and {len(order) - 6:,} more" if len(order) > 6 else ""
    return weights, f"Potential counts by the ratings of Review: {', '.join(some)}{more}; others once"
