"""The plans somebody worked on last, each with a small map, its balance, and when it was edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from terr.errors import TerrError
from terr.model.progress import UNWATCHED, Progress
from terr.model.scenario import ScenarioInfo
from terr.view.colors import color
from terr.view.plan_picture import plan_picture
from terr.view.text import count
from terr.workspace.caches import CacheKind
from terr.workspace.scenarios.key_figures import deviation_text, key_figures
from terr.workspace.workspace import Workspace

CARD = (480, 300)
"""Pixels of a card's map."""


class PictureKey(NamedTuple):
    """A plan after an edit, at a size."""

    scenario_id: str
    head: int
    size: tuple[int, int]


PICTURES = CacheKind[PictureKey, bytes]("plan pictures", 16)


@dataclass(frozen=True, eq=False)
class PlanCard:
    """A plan as Home shows it.

    Attributes:
        info: the scenario; dataset: name of its accounts.
        figures: its balance in words; picture: PNG; both empty as long as they aren't worked out.
        unreadable: its accounts or boundaries can't be read.
    """

    info: ScenarioInfo
    dataset: str = ""
    figures: str = ""
    picture: bytes = b""
    unreadable: bool = False


def recent(ws: Workspace, most: int = 6) -> list[ScenarioInfo]:
    """Plans that aren't archived, last edited first."""
    return ws.store.scenarios.find()[:most]


def cards_of(ws: Workspace, plans: Sequence[ScenarioInfo], *, progress: Progress = UNWATCHED) -> tuple[PlanCard, ...]:
    """Their cards.

    Raises:
        StoppedError: if the person stopped it.
    """
    out = []
    for at, info in enumerate(plans):
        progress.tell(at / len(plans), f"drawing the map of {info.name}")
        out.append(_card(ws, info))
    return tuple(out)


def _card(ws: Workspace, info: ScenarioInfo) -> PlanCard:
    try:
        name = ws.store.datasets.get(info.dataset_id).name
        plan, _ = ws.plan(info.id)
        text = count(len(plan.territories), "territory", "territories")
        if (plan.assign >= 0).any():
            text = f"{text} · {deviation_text(key_figures(ws, info), info.tolerance)} of {info.measure}"
        return PlanCard(info, name, text, picture(ws, info))
    except TerrError:  # one plan that can't be shown costs the others nothing
        return PlanCard(info, unreadable=True)


def picture(ws: Workspace, info: ScenarioInfo, size: tuple[int, int] = CARD) -> bytes:
    """PNG of a plan as it is now. Cached by edit."""

    def draw() -> bytes:
        plan, _ = ws.plan(info.id)
        units = ws.units(info)
        shown = ws.colors(info, plan)
        fills = [color(shown[c]) if c in shown else "" for c in plan.assign.tolist()]
        return plan_picture(units.frame.geometry.to_numpy(), fills, size)

    return ws.caches[PICTURES].get_or_make(PictureKey(info.id, info.head, size), draw)


@dataclass(frozen=True)
class SuggestedStep:
    """What to do next: a sentence, the words on its button, and the page it leads to."""

    text: str
    button: str
    page: str


def next_step(ws: Workspace) -> SuggestedStep:
    """The step that follows from what there is."""
    if not ws.store.datasets.all():
        return SuggestedStep(
            "import your accounts, or open the demo plan to look around.", "Import accounts", "accounts"
        )
    plans = ws.store.scenarios.find()
    if not plans:
        return SuggestedStep("your accounts are imported. Start a plan.", "Start a plan", "accounts")
    plan, _ = ws.plan(plans[0].id)
    if not (plan.assign >= 0).any():
        return SuggestedStep(
            "your newest plan has no territories yet. Generate them, or assign counties on the map.",
            "Open Plan",
            "plan",
        )
    if len(plans) == 1:
        return SuggestedStep(
            "save a copy under Scenarios before you try something else.", "Open Scenarios", "scenarios"
        )
    return SuggestedStep(
        "compare your plans side by side, then download the files your team needs.", "Compare", "scenarios"
    )
