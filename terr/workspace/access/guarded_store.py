"""The workspace as one person sees it: each repository of the store asks what their role allows, so that nobody can
forget to.

What isn't listed here is closed. Their name is put on everything they make.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import signature
from typing import Any, NoReturn, cast

from terr.errors import LocateError, RoleError
from terr.model.edit import Edit
from terr.model.person import Person
from terr.model.scenario import DatasetInfo, ScenarioInfo
from terr.store import Store, WindowPresence
from terr.workspace.access.roles import admins, may, refusal, role_of
from terr.workspace.access.territory_reach import territory_reach
from terr.workspace.caches import CacheKind
from terr.workspace.workspace import Workspace

PLAN_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "scenarios": {
        **dict.fromkeys(("get", "rev", "branch", "duplicate"), "view"),
        "change_settings": "edit",
        **dict.fromkeys(("rename", "update_settings"), "rename"),
        "archive": "archive",
        **dict.fromkeys(("delete", "restore"), "delete"),
    },
    "plans": dict.fromkeys(("load", "at"), "view"),
    "edits": {
        **dict.fromkeys(("get", "between", "history", "taken"), "view"),
        **dict.fromkeys(("append", "change"), "edit"),
        "go_to": "undo",
    },
    "changes": dict.fromkeys(("since", "latest", "timeline"), "view"),
    "comments": {"of": "view", **dict.fromkeys(("add", "resolve", "delete"), "comment")},
    "proposals": {
        "of": "view",
        **dict.fromkeys(("add", "withdraw"), "propose"),
        "challenge": "challenge",
        **dict.fromkeys(("accept", "reject"), "decide"),
    },
    "quotas": {
        "of": "view",
        **dict.fromkeys(("add", "withdraw"), "propose"),
        **dict.fromkeys(("accept", "reject"), "decide"),
    },
    "exceptions": {"of": "view", **dict.fromkeys(("add", "end"), "except")},
    "marks": {"of": "view", **dict.fromkeys(("add", "archive"), "mark")},
    "reviews": {"of": "view", "add": "mark", "rate": "comment", "coach": "edit"},
    "territory_plans": {**dict.fromkeys(("heads", "log"), "view"), "add": "comment"},
    "presence": dict.fromkeys(("seen", "left", "here"), "view"),
    "roles": {"of": "view", "give": "give"},
}
"""Repository and method about one plan -> what one must be allowed to do (see `roles.ACTIONS`)."""

CLOSED = frozenset(
    {
        "close",
        "datasets.give_to",
        "datasets.seen_by",
        "edits.put",
        "edits.ready",
        "files.put",
        "notice",
        "plans.read",
        "plans.remember",
        "roles.access",
        "scenarios.purge",
        "steady",
    }
)
"""What nobody reaches who is signed in; written down so that a new method is not left out by mistake."""

_OWN_ONLY = {("comments", "delete"), ("proposals", "withdraw"), ("quotas", "withdraw")}
"""Commenters do this to what is their own."""

_FRESH_S = 0.5
"""What is only looked at is asked for again after so many seconds; a change asks each time."""

VIEWS = CacheKind[Person, Workspace]("people's views of the workspace", 1)


def for_person(ws: Workspace, person: Person) -> Workspace:
    """The workspace as one person sees it; the same one if there is no sign-in. Memory is shared with all others."""
    whole = ws.whole
    if not whole.sign_in:
        return whole
    return whole.caches[VIEWS].get_or_make(person, lambda: _view(whole, person))


def _view(whole: Workspace, person: Person) -> Workspace:
    made = copy.copy(whole)
    guard = Guard(whole, person)
    made.person = person
    made.store = cast(Store, GuardedStore(guard))
    made.caches = whole.caches.guarded(guard.see_dataset)
    return made


class Guard:
    """What one person may do, asked before each use of a repository.

    Args:
        ws: the whole workspace.
        person: who.
    """

    def __init__(self, ws: Workspace, person: Person) -> None:
        self.ws = ws
        self.store = ws.store
        self.person = person
        self._fresh: dict[tuple[str, str], float] = {}

    @property
    def admin(self) -> bool:
        """They may see what belongs to nobody."""
        return self.person.user_id in admins()

    def check(self, scenario_id: str, action: str, *, deleted: bool = False) -> None:
        """Refuse what their role on a plan doesn't allow.

        Raises:
            LocateError: if there is no such plan, or none they have a role on.
            RoleError: if their role doesn't allow it.
        """
        if action == "view" and not deleted:
            self._looked(("plan", scenario_id), lambda: may(self.ws, scenario_id, self.person))
            return
        role = role_of(self.ws, scenario_id, self.person, deleted=deleted)
        if refused := refusal(self.ws, scenario_id, role, action):
            raise RoleError(refused)

    def dataset(self, dataset_id: str) -> DatasetInfo:
        """A data set they uploaded, or one of a plan they have a role on.

        Raises:
            LocateError: if it isn't among them.
        """
        found = self.store.datasets.seen_by(self.person.user_id, everybodys=self.admin, only=dataset_id)
        if not found or not dataset_id:
            raise LocateError("this data set isn't found; choose one from the list")
        return found[0]

    def see_dataset(self, dataset_id: str) -> None:
        """Refuse a data set that isn't among theirs; asked for again after a moment.

        Raises:
            LocateError: if it isn't.
        """
        self._looked(("data", dataset_id), lambda: self.dataset(dataset_id))

    def own_dataset(self, dataset_id: str) -> None:
        """Refuse to change a data set they didn't upload.

        Raises:
            LocateError: if it isn't among those they see.
            RoleError: if somebody else loaded it.
        """
        owner = self.dataset(dataset_id).owner
        if owner != self.person.user_id and not (owner == "" and self.admin):
            whom = owner or "an administrator"
            raise RoleError(f"You can view these accounts; only {whom}, who imported them, can change them.")

    def signed(self, value: Any) -> Any:
        """The same, in this person's name."""
        if isinstance(value, Edit):
            return replace(value, author=self.person.name)
        if isinstance(value, WindowPresence):
            return replace(value, who=self.person)
        if callable(value):
            return lambda *given: self.signed(made) if isinstance(made := value(*given), Edit) else made
        return value

    def _looked(self, key: tuple[str, str], ask: Callable[[], object]) -> None:
        now = time.monotonic()
        if now - self._fresh.get(key, -1e9) < _FRESH_S:
            return
        ask()
        if len(self._fresh) > 1_000:
            self._fresh.clear()
        self._fresh[key] = now


class GuardedRepository:
    """One repository as one person may use it: a method that `PLAN_ACTIONS` lists asks, any other is closed.

    Args:
        guard: what they may do.
        name: of the repository in the store.
    """

    def __init__(self, guard: Guard, name: str) -> None:
        self._guard = guard
        self._name = name
        self._kept = getattr(guard.store, name)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        action = PLAN_ACTIONS.get(self._name, {}).get(method)
        if action is None:
            _closed(f"{self._name}.{method}")
        return self._asking(method, action)

    def _asking(self, method: str, action: str) -> Callable[..., Any]:
        guard, act = self._guard, getattr(self._kept, method)
        takes = signature(act).parameters

        def call(scenario_id: str, *given: Any, **named: Any) -> Any:
            guard.check(scenario_id, action, deleted=method == "restore")
            if (self._name, method) in _OWN_ONLY:
                self._own(scenario_id, given[0] if given else next(iter(named.values())))
            named.update({key: guard.person for key in ("by", "owner") if key in takes})
            if "author" in takes:
                named["author"] = guard.person.name
            named = {key: guard.signed(one) for key, one in named.items()}
            return act(scenario_id, *(guard.signed(one) for one in given), **named)

        return call

    def _own(self, scenario_id: str, ref: int) -> None:
        """Another person's comment or proposal is withdrawn by the plan's owner only."""
        who = self._guard.person.user_id
        if not any(one.id == ref and one.by.user_id == who for one in self._kept.of(scenario_id)):
            self._guard.check(scenario_id, "decide")


class GuardedScenarios(GuardedRepository):
    """Scenarios one person has a role on."""

    def find(self, **wanted: Any) -> list[ScenarioInfo]:
        """Plans they have a role on; for an administrator also those that belong to nobody."""
        who = {"user_id": self._guard.person.user_id, "everybodys": self._guard.admin}
        return cast(list[ScenarioInfo], self._kept.find(**{**wanted, **who}))

    def create(self, name: str, **given: Any) -> ScenarioInfo:
        """A plan of their own, on a data set they can see."""
        if given.get("dataset_id"):
            self._guard.dataset(given["dataset_id"])
        return cast(ScenarioInfo, self._kept.create(name, **{**given, "owner": self._guard.person}))

    def use_dataset(self, scenario_id: str, dataset_id: str, **given: Any) -> ScenarioInfo:
        """Other accounts for a plan they may edit, from a data set they can see."""
        self._guard.check(scenario_id, "edit")
        self._guard.dataset(dataset_id)
        by = {"by": self._guard.person}
        return cast(ScenarioInfo, self._kept.use_dataset(scenario_id, dataset_id, **{**given, **by}))


class GuardedDatasets(GuardedRepository):
    """Data sets one person uploaded, and those of plans they have a role on."""

    def all(self) -> tuple[DatasetInfo, ...]:
        """All of them, newest first."""
        guard = self._guard
        return guard.store.datasets.seen_by(guard.person.user_id, everybodys=guard.admin)

    def get(self, dataset_id: str) -> DatasetInfo:
        """See `Guard.dataset`."""
        return self._guard.dataset(dataset_id)

    def save(self, name: str, **given: Any) -> DatasetInfo:
        """A data set of their own."""
        return self._guard.store.datasets.save(name, **{**given, "owner": self._guard.person})

    def update(self, dataset_id: str, **given: Any) -> DatasetInfo:
        """Change a data set of their own."""
        self._guard.own_dataset(dataset_id)
        return self._guard.store.datasets.update(dataset_id, **given)

    def change(self, dataset_id: str, change: Callable[[DatasetInfo], Any]) -> DatasetInfo:
        """Change a data set of their own."""
        self._guard.own_dataset(dataset_id)
        return self._guard.store.datasets.change(dataset_id, change)


class GuardedReps(GuardedRepository):
    """Rosters of the data sets one person sees."""

    def of(self, dataset_id: str) -> Any:
        """The roster of a data set they can see."""
        self._guard.see_dataset(dataset_id)
        return self._kept.of(dataset_id)

    def history(self, dataset_id: str) -> Any:
        """Who changed the roster of a data set they can see."""
        self._guard.see_dataset(dataset_id)
        return self._kept.history(dataset_id)

    def at(self, dataset_id: str, version: int) -> Any:
        """An earlier roster of a data set of their own."""
        self._guard.own_dataset(dataset_id)
        return self._kept.at(dataset_id, version)

    def save(self, dataset_id: str, reps: Any, *, note: str = "", **_: Any) -> None:
        """Change the roster of a data set of their own."""
        self._guard.own_dataset(dataset_id)
        self._kept.save(dataset_id, reps, note=note, by=self._guard.person)


class GuardedFiles(GuardedRepository):
    """Uploads and tables of accounts, for those who may see them. A file's own name is known from its data set only."""

    def __init__(self, guard: Guard, name: str) -> None:
        super().__init__(guard, name)
        self.save, self.read, self.exists = self._kept.save, self._kept.read, self._kept.exists

    def write_frame(self, dataset_id: str, frame: Any) -> None:
        """See `DataFiles.write_frame`."""
        self._guard.see_dataset(dataset_id)
        self._kept.write_frame(dataset_id, frame)

    def read_frame(self, dataset_id: str) -> Any:
        """See `DataFiles.read_frame`."""
        self._guard.see_dataset(dataset_id)
        return self._kept.read_frame(dataset_id)

    def has_frame(self, dataset_id: str) -> bool:
        """See `DataFiles.has_frame`."""
        self._guard.see_dataset(dataset_id)
        return bool(self._kept.has_frame(dataset_id))

    def write_facts(self, dataset_id: str, revision: str, frame: Any) -> None:
        """Keep facts of a data set of their own; see `DataFiles.write_facts`."""
        self._guard.own_dataset(dataset_id)
        self._kept.write_facts(dataset_id, revision, frame)

    def write_facts_file(self, dataset_id: str, revision: str, content: bytes) -> None:
        """The same as Parquet; see `DataFiles.write_facts_file`."""
        self._guard.own_dataset(dataset_id)
        self._kept.write_facts_file(dataset_id, revision, content)

    def read_facts(self, dataset_id: str, revision: str, columns: Any = None) -> Any:
        """See `DataFiles.read_facts`."""
        self._guard.see_dataset(dataset_id)
        return self._kept.read_facts(dataset_id, revision, columns)

    def read_facts_file(self, dataset_id: str, revision: str) -> bytes:
        """See `DataFiles.read_facts_file`."""
        self._guard.see_dataset(dataset_id)
        return bytes(self._kept.read_facts_file(dataset_id, revision))

    def has_facts(self, dataset_id: str, revision: str) -> bool:
        """See `DataFiles.has_facts`."""
        self._guard.see_dataset(dataset_id)
        return bool(self._kept.has_facts(dataset_id, revision))


class GuardedTerritoryPlans(GuardedRepository):
    """Plans of territories: a rep's own, a manager's team's; see `territory_reach`."""

    def heads(self, scenario_id: str) -> Any:
        """Those they may read."""
        reach = territory_reach(self._guard.ws, scenario_id, self._guard.person)
        return tuple(one for one in self._kept.heads(scenario_id) if reach.may_read(one.territory))

    def log(self, scenario_id: str, territory: int) -> Any:
        """The changes of one they may read."""
        if not territory_reach(self._guard.ws, scenario_id, self._guard.person).may_read(territory):
            raise RoleError("You can see the plans of your own territory and your team's; ask its manager.")
        return self._kept.log(scenario_id, territory)

    def add(self, scenario_id: str, territory: int, changes: Mapping[str, Any], title: str, **given: Any) -> Any:
        """A change of one they may edit; freezing and reopening is the manager's."""
        reach = territory_reach(self._guard.ws, scenario_id, self._guard.person)
        if not reach.may_edit(territory):
            raise RoleError("You can read this territory plan; its rep, their manager and editors of the plan edit it.")
        frozen = any(h.territory == territory and h.state == "frozen" for h in self._kept.heads(scenario_id))
        if not reach.may_decide(territory) and (frozen or changes.get("state") == "frozen"):
            raise RoleError("A territory plan is frozen and reopened by the rep's manager or an editor of the plan.")
        return self._kept.add(scenario_id, territory, changes, title, **{**given, "by": self._guard.person})


_OWN_RULES: Mapping[str, type[GuardedRepository]] = {
    "scenarios": GuardedScenarios,
    "datasets": GuardedDatasets,
    "reps": GuardedReps,
    "files": GuardedFiles,
    "territory_plans": GuardedTerritoryPlans,
}
"""Repositories whose methods aren't all about one plan."""


class GuardedStore:
    """The store as one person may use it; what isn't one of its repositories is closed.

    Args:
        guard: what they may do.
    """

    def __init__(self, guard: Guard) -> None:
        for name in PLAN_ACTIONS.keys() | _OWN_RULES.keys():
            setattr(self, name, _OWN_RULES.get(name, GuardedRepository)(guard, name))

    def __getattr__(self, name: str) -> NoReturn:
        _closed(name)


def _closed(name: str) -> NoReturn:
    raise RoleError(f"“{name}” is closed to people who are signed in; tell your administrator")
