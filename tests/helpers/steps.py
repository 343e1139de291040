"""Steps of undo and redo in a store, whoever's edit it is: back from the plan as it is, or on to an edit after it."""

from __future__ import annotations

from terr.edits.history import ROOT
from terr.model.edit import Edit
from terr.store import Store


def back(store: Store, scenario_id: str, rev: int, author: str = "") -> tuple[int, list[Edit]]:
    """Go to the edit before the one the plan stands at."""
    trail = (ROOT, *(history := store.edits.history(scenario_id)).trail(history.head))
    return store.edits.go_to(scenario_id, trail[-2], rev, action="undo", author=author)


def forth(store: Store, scenario_id: str, edit: int, rev: int, client: tuple[str, int] = ("", 0)) -> int:
    """Go to an edit; the revision."""
    return store.edits.go_to(scenario_id, edit, rev, action="redo", client=client)[0]
