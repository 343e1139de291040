"""Plans of books and layers on small data sets, for the tests of the workspace and the pages."""

from __future__ import annotations

from collections.abc import Sequence

from terr.model.books.plan_layers import PlanLayer
from terr.model.scenario import ScenarioInfo
from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.accounts.next_extract import PREVIOUS
from terr.workspace.plan import editing

BOOKS = (PlanLayer("Accounts"),)
LAYERS = (PlanLayer("Key", rule="Revenue >= 200"), PlanLayer("Everything else", "areas"))
ROWS = (
    ("A-1", "Kent", "DE", "Health", 100.0),
    ("A-2", "New Castle", "DE", "Health", 250.0),
    ("A-3", "New Castle", "DE", "Retail", 50.0),
    ("A-4", "Sussex", "DE", "", 200.0),
    ("A-5", "Providence", "RI", "Health", 70.0),
    ("A-6", "Atlantis", "DE", "Retail", 30.0),
)
"""700 of revenue; A-5 lies outside Delaware, A-6 isn't located; Key are A-2 and A-4 (450)."""


def accounts_data(
    ws: Workspace, rows: Sequence[tuple[str, str, str, str, float]] = ROWS, *, after: str = "", industry: bool = True
) -> Dataset:
    """A saved data set with an Industry column; `after` is the one it is the next extract of."""
    head = f"Account ID,Name,County,State,{'Industry,' if industry else ''}Revenue"
    lines = [f"{i},Customer {i},{c},{s},{f'{n},' if industry else ''}{v:g}" for i, c, s, n, v in rows]
    data = "\n".join([head, *lines]).encode()
    raw, columns = dataset.inspect(data, "accounts.csv")
    taken = dataset.intake(raw, columns, {"Revenue": "USD"})
    return dataset.save(ws, data, taken, more={PREVIOUS: after} if after else None)


def books(ws: Workspace, data: Dataset | None = None, layers: Sequence[PlanLayer] = BOOKS) -> ScenarioInfo:
    """A plan of layers with one empty territory; its areas, if it has any, are the counties of Delaware."""
    made = accounts_data(ws) if data is None else data
    areas = any(v.method == "areas" for v in layers)
    return editing.create_layers(
        ws,
        dataset_id=made.info.id,
        layers=layers,
        level="county" if areas else "",
        region="DE" if areas else None,
        measure="Revenue",
    )
