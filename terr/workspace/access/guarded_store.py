"""The workspace as one person sees it: the store asks at its door what their role allows, so that nobody can forget to.

What isn't listed here is closed. Their name is put on everything they make.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import signature
from typing import Any, cast

from terr.errors import LocateError, RoleError
from terr.model.edit import Edit
from terr.store import DatasetInfo, Person, ScenarioInfo, Store, WindowPresence
from terr.workspace.access.roles import admins, may, refusal, role_of
from terr.workspace.workspace import Cache, Workspace

PLAN_ACTIONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "can_redo",
            "can_undo",
            "changes",
            "comments",
            "edit",
            "edits_between",
            "exceptions",
            "here",
            "history",
            "left",
            "load_plan",
            "marks",
            "others_since",
            "plan_at",
            "proposals",
            "rev",
            "roles",
            "scenario",
            "seen",
            "stand",
            "taken",
            "timeline",
            "branch",
            "duplicate",
        ),
        "view",
    ),
    **dict.fromkeys(("comment", "resolve_comment", "delete_comment"), "comment"),
    **dict.fromkeys(("propose", "withdraw"), "propose"),
    "challenge": "challenge",
    **dict.fromkeys(("append", "change", "change_settings"), "edit"),
    **dict.fromkeys(("undo", "redo", "go_to"), "undo"),
    **dict.fromkeys(("mark", "archive_mark"), "mark"),
    **dict.fromkeys(("add_exceptions", "end_exceptions"), "except"),
    **dict.fromkeys(("rename", "update_settings"), "rename"),
    **dict.fromkeys(("accept", "reject"), "decide"),
    "archive": "archive",
    **dict.fromkeys(("delete", "restore"), "delete"),
    "give_role": "give",
}
"""Method of the store about one plan -> what one must be allowed to do (see `terr.store.ACTIONS`)."""

_FRESH_S = 0.5
"""What is only looked at is asked for again after so many seconds; a change asks each time."""


def for_person(ws: Workspace, person: Person) -> Workspace:
    """The workspace as one person sees it; the same one if there is no sign-in. Memory is shared with all others."""
    whole = ws.whole
    if not whole.sign_in:
        return whole
    known = whole.views.get(person)
    if known is not None:
        return cast(Workspace, known)
    made = copy.copy(whole)
    door = GuardedStore(whole, person)
    made.person = person
    made.store = cast(Store, door)
    made.files = cast(Any, _Files(whole, door))
    for name in ("datasets", "intakes"):  # kept by the id of a data set
        if hasattr(whole, name):
            setattr(made, name, _Seen(getattr(whole, name), door))
    return cast(Workspace, whole.views.put(person, made))


class GuardedStore:
    """The store as one person may use it.

    Args:
        ws: the whole workspace.
        person: who.
    """

    def __init__(self, ws: Workspace, person: Person) -> None:
        self._ws = ws
        self._store = ws.store
        self._who = person
        self._fresh: dict[tuple[str, str], float] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        action = PLAN_ACTIONS.get(name)
        if action is None:
            raise RoleError(f"“{name}” is closed to people who are signed in; tell whoever runs Terr")
        method = getattr(self._store, name)
        takes = signature(method).parameters

        def call(scenario_id: str, *given: Any, **named: Any) -> Any:
            self._check(scenario_id, action, deleted=name == "restore")
            if name in _OWN_ONLY:
                self._own(name, scenario_id, given[0] if given else next(iter(named.values())))
            for key in ("by", "owner"):
                if key in takes:
                    named[key] = self._who
            if "author" in takes:
                named["author"] = self._who.name
            named = {key: self._signed(one) for key, one in named.items()}
            return method(scenario_id, *(self._signed(one) for one in given), **named)

        return call

    def _check(self, scenario_id: str, action: str, *, deleted: bool = False) -> None:
        now = time.monotonic()
        if action == "view" and not deleted:
            if now - self._fresh.get(("plan", scenario_id), -1e9) < _FRESH_S:
                return
            may(self._ws, scenario_id, self._who)
            self._note(("plan", scenario_id), now)
            return
        role = role_of(self._ws, scenario_id, self._who, deleted=deleted)
        if refused := refusal(self._ws, scenario_id, role, action):
            raise RoleError(refused)

    def _note(self, key: tuple[str, str], now: float) -> None:
        if len(self._fresh) > 1_000:
            self._fresh.clear()
        self._fresh[key] = now

    def _own(self, name: str, scenario_id: str, ref: int) -> None:
        """Another person's comment or proposal is taken back by the plan's owner only."""
        found = self._store.comments(scenario_id) if name == "delete_comment" else self._store.proposals(scenario_id)
        if not any(one.id == ref and one.by.user_id == self._who.user_id for one in found):
            self._check(scenario_id, "decide")

    def _signed(self, value: Any) -> Any:
        """The same, in this person's name."""
        if isinstance(value, Edit):
            return replace(value, author=self._who.name)
        if isinstance(value, WindowPresence):
            return replace(value, who=self._who)
        if callable(value):

            def make(*given: Any) -> Any:
                return self._signed_edit(value(*given))

            return make
        return value

    def _signed_edit(self, made: Any) -> Any:
        return replace(made, author=self._who.name) if isinstance(made, Edit) else made

    def list_scenarios(self, **wanted: Any) -> list[ScenarioInfo]:
        """Plans they have a role on; for an administrator also those that belong to nobody."""
        named = {**wanted, "user_id": self._who.user_id, "everybodys": self._who.user_id in admins()}
        return self._store.list_scenarios(**named)

    def create_scenario(self, name: str, **given: Any) -> ScenarioInfo:
        """A plan of their own, on a data set they can see."""
        if given.get("dataset_id"):
            self.dataset(given["dataset_id"])
        return self._store.create_scenario(name, **{**given, "owner": self._who})

    def use_dataset(self, scenario_id: str, dataset_id: str, **given: Any) -> ScenarioInfo:
        """Other accounts for a plan they may edit, from a data set they can see."""
        self._check(scenario_id, "edit")
        self.dataset(dataset_id)
        return self._store.use_dataset(scenario_id, dataset_id, **{**given, "by": self._who})

    def role_of(self, scenario_id: str, _user_id: str = "") -> str:
        """Their own role, whoever is asked for."""
        return role_of(self._ws, scenario_id, self._who)

    def require(self, scenario_id: str, _user_id: str = "", action: str = "view") -> str:
        """See `may`; for themselves, whoever is asked for."""
        return may(self._ws, scenario_id, self._who, action)

    def list_datasets(self) -> tuple[DatasetInfo, ...]:
        """Data sets they uploaded, and those of plans they have a role on."""
        return self._store.seen_datasets(self._who.user_id, everybodys=self._who.user_id in admins())

    def dataset(self, dataset_id: str) -> DatasetInfo:
        """One of those.

        Raises:
            LocateError: if it isn't among them.
        """
        everybodys = self._who.user_id in admins()
        found = self._store.seen_datasets(self._who.user_id, everybodys=everybodys, only=dataset_id)
        if not found or not dataset_id:
            raise LocateError("this data set isn't found; choose one from the list")
        return found[0]

    def seen_dataset(self, dataset_id: str) -> None:
        """Refuse a data set that isn't among theirs; asked for again after a moment.

        Raises:
            LocateError: if it isn't.
        """
        now = time.monotonic()
        if now - self._fresh.get(("data", dataset_id), -1e9) >= _FRESH_S:
            self.dataset(dataset_id)
            self._note(("data", dataset_id), now)

    def save_dataset(self, name: str, **given: Any) -> DatasetInfo:
        """A data set of their own."""
        return self._store.save_dataset(name, **{**given, "owner": self._who})

    def update_dataset(self, dataset_id: str, **given: Any) -> DatasetInfo:
        """Change a data set of their own."""
        self._uploaded(dataset_id)
        return self._store.update_dataset(dataset_id, **given)

    def change_dataset(self, dataset_id: str, change: Callable[[DatasetInfo], Any]) -> DatasetInfo:
        """Change a data set of their own."""
        self._uploaded(dataset_id)
        return self._store.change_dataset(dataset_id, change)

    def save_reps(self, dataset_id: str, reps: Any) -> None:
        """Change the roster of a data set of their own."""
        self._uploaded(dataset_id)
        self._store.save_reps(dataset_id, reps)

    def reps(self, dataset_id: str) -> Any:
        """The roster of a data set they can see."""
        self.seen_dataset(dataset_id)
        return self._store.reps(dataset_id)

    def _uploaded(self, dataset_id: str) -> None:
        owner = self.dataset(dataset_id).owner
        if owner != self._who.user_id and not (owner == "" and self._who.user_id in admins()):
            whom = owner or "an administrator"
            raise RoleError(f"You can look at these accounts; only {whom}, who loaded them, may change them.")


_OWN_ONLY = ("delete_comment", "withdraw")
"""Commenters do this to what is their own."""

DATA_METHODS = frozenset(
    {
        "change_dataset",
        "create_scenario",
        "dataset",
        "list_datasets",
        "list_scenarios",
        "reps",
        "require",
        "role_of",
        "save_dataset",
        "save_reps",
        "update_dataset",
        "use_dataset",
    }
)
"""Methods of the store the door answers by itself."""

CLOSED = frozenset({"access", "close", "files", "notice", "own_dataset", "seen_datasets"})
"""Methods of the store nobody reaches through the door."""


class _Seen(Cache):
    """What is kept in memory of data sets, for those who may see them."""

    def __init__(self, kept: Cache, door: GuardedStore) -> None:
        self._kept, self._door = kept, door

    def get(self, key: Any) -> Any:
        """The value, or None.

        Raises:
            LocateError: if it is of a data set they may not see.
        """
        dataset_id = key if isinstance(key, str) else key[1]
        self._door.seen_dataset(str(dataset_id))
        return self._kept.get(key)

    def put(self, key: Any, value: Any) -> Any:
        """Keep the value."""
        return self._kept.put(key, value)


class _Files:
    """Uploads and tables of accounts, for those who may see them. A file's own name is known from its data set only."""

    def __init__(self, ws: Workspace, door: GuardedStore) -> None:
        self._files, self._door = ws.files, door
        self.save, self.read, self.exists = ws.files.save, ws.files.read, ws.files.exists

    def write_frame(self, dataset_id: str, frame: Any) -> None:
        """See `DataFiles.write_frame`."""
        self._door.seen_dataset(dataset_id)
        self._files.write_frame(dataset_id, frame)

    def read_frame(self, dataset_id: str) -> Any:
        """See `DataFiles.read_frame`."""
        self._door.seen_dataset(dataset_id)
        return self._files.read_frame(dataset_id)

    def has_frame(self, dataset_id: str) -> bool:
        """See `DataFiles.has_frame`."""
        self._door.seen_dataset(dataset_id)
        return self._files.has_frame(dataset_id)
