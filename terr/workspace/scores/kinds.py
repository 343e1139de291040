"""All kinds of kept definitions."""

from __future__ import annotations

from typing import Any

from terr.workspace.scores.likeness import LikenessTo
from terr.workspace.scores.potential import Formula, PotentialBy
from terr.workspace.scores.ranges import RangeBy
from terr.workspace.scores.score import ScoreBy
from terr.workspace.scores.segments import Segments
from terr.workspace.scores.tiers import TiersBy
from terr.workspace.scores.workload import WorkloadBy

KINDS: dict[str, Any] = {
    k.kind: k for k in (Formula, PotentialBy, RangeBy, TiersBy, ScoreBy, LikenessTo, WorkloadBy, Segments)
}
"""Kind -> class, in the suggested order."""
