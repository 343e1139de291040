"""Workspace: where data is kept, and what is kept in memory of it between two clicks."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from terr.boundaries.layers.catalog import load_units
from terr.edits.colors import rep_colors, territory_colors
from terr.errors import LocateError, PlanError, StoreError
from terr.model.person import NOONE, Person
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.model.units import Units, has_accounts
from terr.store import Store, data_dir, open_store, usual_address
from terr.workspace.caches import CacheKind, Caches
from terr.workspace.levels import missing
from terr.workspace.unit_lists import listed_units

TRASH_DAYS = 30
"""How long a deleted plan can be brought back."""
PLANS = CacheKind[tuple[str, int], Plan]("plans", 32)
"""By scenario and revision."""


class Workspace:
    """The store of one data folder, and what is kept in memory of it.

    Args:
        root: the data folder, with the database in it; by default TERR_DATA_DIR, else the platform's user data folder,
            and then the database of TERR_DATABASE_URL if that is set.
        database: address of another database; "" = as above.

    Attributes:
        notice: one line about something that happened while opening ("" = nothing), e.g. a damaged database that was
            put aside.
        sign_in: people sign in, and see what they have a role on (see `terr.workspace.access.roles`).
        caches: what is kept in memory.
        person: whose view of the workspace this is; whole: the workspace without anybody's limits.
    """

    def __init__(self, root: Path | None = None, database: str = "") -> None:
        self.root = data_dir() if root is None else root
        usual = usual_address(self.root) if root is None else self.root / "terr.db"
        self.store: Store = open_store(database or usual, self.root)
        self.notice: str = self.store.notice
        self.sign_in = False
        self.person: Person = NOONE
        self.whole: Workspace = self
        with suppress(StoreError):  # a database that can only be read is opened all the same
            self.empty_trash()
        self.caches = Caches()

    def empty_trash(self) -> None:
        """Erase the plans that were deleted more than `TRASH_DAYS` ago."""
        self.whole.store.scenarios.purge(datetime.now(UTC) - timedelta(days=TRASH_DAYS))

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def steady(self) -> AbstractContextManager[None]:
        """Within it, this thread sees one state of what is stored, until it writes: for what is drawn in one go."""
        return self.whole.store.steady()

    def scenario(self, scenario_id: str) -> ScenarioInfo:
        """What is known of a scenario, without its plan.

        Raises:
            LocateError: if the scenario doesn't exist, or isn't this person's to see.
        """
        return self.store.scenarios.get(scenario_id)

    def rev(self, scenario_id: str) -> int:
        """The newest revision of a plan; cheap enough to ask at every rerun.

        Raises:
            LocateError: if the scenario doesn't exist.
        """
        return self.store.scenarios.rev(scenario_id)

    def plan(self, scenario_id: str) -> tuple[Plan, int]:
        """The plan as stored now, and its revision; another process's edits are seen.

        Raises:
            LocateError: if the scenario doesn't exist.
        """
        info = self.scenario(scenario_id)
        known = self.caches[PLANS].get((scenario_id, info.rev))
        if known is not None and known.units_version == info.units_version:  # else new accounts came to its books
            return known, info.rev
        plan, rev = self.store.plans.load(scenario_id)
        self.keep(scenario_id, rev, plan)
        return plan, rev

    def plan_at(self, scenario_id: str, edit_id: int) -> Plan:
        """The plan as it was after an edit of its history, 0 = the empty plan.

        Raises:
            LocateError: if the scenario or the edit doesn't exist.
        """
        return self.store.plans.at(scenario_id, edit_id)

    def keep(self, scenario_id: str, rev: int, plan: Plan) -> None:
        """Remember a plan just stored, so that the next click need not read it."""
        self.caches[PLANS].put((scenario_id, rev), plan)

    def colors(self, info: ScenarioInfo, plan: Plan) -> dict[int, int]:
        """Palette index each territory of a plan is shown in, by code; all that shows the plan asks here.

        Raises:
            PlanError: as `units`.
        """
        units = self.units(info)
        return territory_colors(plan, units.indptr, units.indices)

    def rep_colors(self, info: ScenarioInfo, plan: Plan) -> dict[int, int]:
        """Palette index of each territory's rep, by code of the territory, -1 where it has none.

        Raises:
            PlanError: as `units`.
        """
        units = self.units(info)
        return rep_colors(plan, units.indptr, units.indices)

    def units(self, info: ScenarioInfo) -> Units:
        """The units a scenario was made on.

        Raises:
            PlanError: if the boundaries changed since, or are not on this machine any more; it says what to do.
        """
        try:
            books = has_accounts(info.level)
            units = listed_units(self.whole.store, info) if books else load_units(info.level, info.region)
        except LocateError as error:
            raise PlanError(missing(info, error)) from error
        if units.version != info.units_version:
            raise PlanError(
                f'"{info.name}" was made on other boundaries than those that go by this name now. Export its plan file '
                "with the version of Terr that made it, then import it into a new scenario"
            )
        return units
