"""Kept definitions of scores, segments, tiers, potential, likeness and workload, and the accounts with what they make.

They are kept with the data set as plain JSON and worked out from its accounts each time, so that taking one back is
leaving it out. What they make are measures and attributes like any other. One that can't be worked out (its column is
gone after a reload) is told, and the others hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pandas as pd

from terr.aggregate import same_places
from terr.errors import ConflictError, InputError
from terr.model.accounts import Accounts
from terr.model.json_values import parse, read, to_plain, to_text
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.model.scenario import DatasetInfo
from terr.report.safe import shown
from terr.scoring import columns
from terr.workspace.caches import CacheKind
from terr.workspace.scores.definition import Definition, ScoreInputs, ScoreResult
from terr.workspace.scores.kinds import KINDS
from terr.workspace.scores.tiers import TiersBy
from terr.workspace.scores.workload import WorkloadBy
from terr.workspace.workspace import Workspace

KEY = "scored"
"""Where the definitions are kept in a data set's mapping."""
MOST, MOST_BYTES = 100, 2_000_000
_VERSION = 1


@dataclass(frozen=True)
class UnreadableDefinition:
    """A kept definition that this version of Terr can't read; it is kept as it is, and told.

    Attributes:
        as_kept: its JSON, with its kind.
        why: what is wrong with it.
    """

    kind: ClassVar[str] = "unread"
    rank: ClassVar[int] = 9
    name: str
    as_kept: Any
    why: str
    reads: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()

    def work(self, on: ScoreInputs) -> ScoreResult:  # noqa: ARG002 (as the others)
        """Nothing can be made of it."""
        raise InputError(self.why)


@dataclass(frozen=True)
class Recipe:
    """The kept definitions of a data set, in the order in which a person made them.

    Attributes:
        kept: no two of them make a column of the same name.
    """

    kept: tuple[Definition, ...] = ()

    def __post_init__(self) -> None:
        if len(self.kept) > MOST:
            raise InputError(f"a data set can have up to {MOST} definitions; remove one first")
        seen: dict[str, str] = {}
        for one in self.kept:
            for name in one.makes:
                other = seen.setdefault(columns.normalized_header(name), one.name)
                if other != one.name or one.makes.count(name) > 1:
                    raise InputError(f"{shown(other)} already makes {shown(name)}; choose another name")
        told = [columns.normalized_header(one.name) for one in self.kept]
        for one in self.kept:
            if told.count(columns.normalized_header(one.name)) > 1:
                raise InputError(f"there is already a definition called {shown(one.name)}; choose another name")

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, and as a file of scores holds it."""
        return {"terr_scores": _VERSION, "kept": [_as_kept(d) for d in self.kept]}

    def to_json(self) -> bytes:
        """The file a person downloads."""
        return (to_text(self.to_plain(), "these definitions", indent=2) + "\n").encode()

    def named(self, name: str) -> Definition | None:
        """The definition of a name."""
        return next((d for d in self.kept if d.name == name), None)

    def maker(self, column: str) -> Definition | None:
        """The definition that makes a column."""
        return next((d for d in self.kept if column in d.makes), None)

    def with_one(self, new: Definition, *, instead: str = "", at: int | None = None) -> Recipe:
        """The recipe with one more, or one in place of another.

        Raises:
            InputError: if its name, or a column it makes, is taken.
        """
        left = tuple(d for d in self.kept if d.name != instead)
        place = next((k for k, d in enumerate(self.kept) if d.name == instead), len(left) if at is None else at)
        return Recipe((*left[:place], new, *left[place:]))

    def merged(self, other: Recipe) -> Recipe:
        """The recipe with all of another, those of the same name in place of its own."""
        fresh = {d.name: d for d in other.kept}
        kept = [fresh.pop(d.name, d) for d in self.kept]
        return Recipe((*kept, *fresh.values()))

    def without(self, name: str) -> Recipe:
        """The recipe without the definition of a name."""
        return Recipe(tuple(d for d in self.kept if d.name != name))


EMPTY = Recipe()


def definition_of(kept: Any) -> Definition:
    """The definition of its JSON.

    Raises:
        InputError: if it isn't one; the message says what is wrong with it.
    """
    kind = kept.get("kind") if isinstance(kept, Mapping) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"{shown(str(kind or kept))} is not a kind of definition; choose {', '.join(KINDS)}")
    rest = {k: v for k, v in kept.items() if k != "kind"}
    if kind == TiersBy.kind:
        rest.setdefault("of", "measure")  # kept before tiers could be shares of the accounts
    made: Definition = read(KINDS[kind], rest, f"the definition {shown(str(kept.get('name', kind)))}", closed=True)
    return made


def _as_kept(one: Definition) -> Any:
    return one.as_kept if isinstance(one, UnreadableDefinition) else {"kind": one.kind, **to_plain(one)}


def recipe_in(mapping: Mapping[str, Any]) -> Recipe:
    """The definitions a data set keeps; one that can't be read is kept as `Unread`, so that the data set opens."""
    kept = mapping.get(KEY)
    listed = kept.get("kept") if isinstance(kept, Mapping) else None
    out: list[Definition] = []
    for one in listed if isinstance(listed, list) else []:
        try:
            out = list(Recipe((*out, definition_of(one))).kept)
        except InputError as error:
            name = str(one.get("name", "") if isinstance(one, Mapping) else "") or f"Definition {len(out) + 1}"
            while any(columns.normalized_header(d.name) == columns.normalized_header(name) for d in out):
                name += " (2)"
            out.append(UnreadableDefinition(name, one, str(error)))
    return Recipe(tuple(out[:MOST]))


def recipe_of(data: bytes) -> Recipe:
    """The definitions of a file.

    Raises:
        InputError: if it isn't such a file, or one of its definitions can't be used.
    """
    if len(data) > MOST_BYTES:
        raise InputError("a file of scores has up to 2 MB; this one is larger")
    try:
        plain = parse(data, "the file")
    except InputError:
        raise InputError("this is not a file of scores; download one from the Scores page") from None
    if not isinstance(plain, Mapping) or not isinstance(plain.get("kept"), list):
        raise InputError('this is not a file of scores: it needs a list "kept" of definitions')
    if plain.get("terr_scores") != _VERSION:
        raise InputError(f'this file of scores is of another version of Terr; "terr_scores" should be {_VERSION}')
    return Recipe(tuple(definition_of(one) for one in plain["kept"]))


@dataclass(frozen=True, eq=False)
class RecipeStep:
    """One definition, worked out.

    Attributes:
        definition: it.
        made: what it made; None if it couldn't be worked out.
        problem: why it makes nothing, "" if it does.
        mark: a hash of everything it was made from, "" if nothing was.
    """

    definition: Definition
    made: ScoreResult | None
    problem: str = ""
    mark: str = ""


@dataclass(frozen=True, eq=False)
class AppliedRecipe:
    """Accounts with everything a recipe makes.

    Attributes:
        accounts: the base's, with new measures and attributes.
        base: the accounts before.
        recipe: what was applied; steps: in the order of working.
        ground: which accounts the base are, "" if nobody knows; only the same ones share what was worked out.
        homes: a hash of the reps' homes if workload counts on them, "" else.
    """

    accounts: Accounts
    base: Accounts
    recipe: Recipe = EMPTY
    steps: tuple[RecipeStep, ...] = ()
    ground: str = ""
    homes: str = ""

    def step(self, name: str) -> RecipeStep | None:
        """The step of a definition."""
        return next((s for s in self.steps if s.definition.name == name), None)

    @property
    def broken(self) -> tuple[RecipeStep, ...]:
        """Definitions that need mending."""
        return tuple(s for s in self.steps if s.problem)


def ordered(recipe: Recipe) -> tuple[tuple[Definition, ...], tuple[Definition, ...]]:
    """Definitions in the order of working: each after those whose columns it reads, else in the suggested order.

    Returns:
        those that can be worked out, and those that wait for one another in a circle.
    """
    waiting = sorted(recipe.kept, key=lambda d: d.rank)
    out: list[Definition] = []
    while waiting:
        ready = next((d for d in waiting if not any(_needs(d, o) for o in waiting if o is not d)), None)
        if ready is None:
            break
        waiting.remove(ready)
        out.append(ready)
    return tuple(out), tuple(waiting)


def _needs(one: Definition, other: Definition) -> bool:
    """Whether a definition reads a column that another makes."""
    made = {columns.normalized_header(name) for name in other.makes}
    return any(columns.normalized_header(name) in made for name in one.reads)


def applied(
    accounts: Accounts,
    recipe: Recipe,
    reps: Sequence[Rep] = (),
    *,
    ground: str = "",
    before: Sequence[AppliedRecipe | None] = (),
    progress: Progress = UNWATCHED,
) -> AppliedRecipe:
    """Work out a recipe on accounts; they stay as they are. The same input gives the same result.

    Args:
        accounts: as they came in, after what was decided about them.
        recipe: the definitions.
        reps: the roster, for workload.
        ground: a name of exactly these accounts.
        before: earlier results; what they worked out on the same ground is taken over.
        progress: follows it.

    Raises:
        StoppedError: if the person stopped it.
    """
    known = {
        s.mark: s for old in before if old is not None and ground and old.ground == ground for s in old.steps if s.mark
    }
    own = {columns.normalized_header(str(c)) for c in accounts.frame.columns}
    homes = _homes(recipe, reps)
    now, steps = accounts, list[RecipeStep]()
    order, circle = ordered(recipe)
    for k, one in enumerate(order):
        part = progress.part(k / len(order), (k + 1) / len(order))
        part.tell(0.0, f"Calculating {one.name}")
        step = _step(one, ScoreInputs(now, accounts, tuple(reps), part), own, steps, homes, known)
        steps.append(step)
        if step.made is not None and not step.problem:
            now = _added(now, step.made)
    for one in circle:
        others = " and ".join(shown(d.name) for d in circle if d is not one) or "itself"
        steps.append(RecipeStep(one, None, f"it needs {others}, which also needs it; change one of them"))
    if now is not accounts:
        same_places(accounts, now)
    return AppliedRecipe(now, accounts, recipe, tuple(steps), ground, homes)


def _step(
    one: Definition,
    on: ScoreInputs,
    own: set[str],
    steps: Sequence[RecipeStep],
    homes: str,
    known: Mapping[str, RecipeStep],
) -> RecipeStep:
    if isinstance(one, UnreadableDefinition):
        return RecipeStep(one, None, one.why)
    taken = next((n for n in one.makes if columns.normalized_header(n) in own), None)
    if taken is not None:
        return RecipeStep(one, None, f"the accounts have a column {shown(taken)} of their own; choose another name")
    needed = [s for s in steps if _needs(one, s.definition)]
    for other in needed:
        if other.problem:
            return RecipeStep(one, None, f"it needs {shown(other.definition.name)}, which has an error; fix that first")
    plain = {"made": _as_kept(one), "needs": [s.mark for s in needed]}
    if isinstance(one, WorkloadBy) and one.homes:
        plain["homes at"] = homes
    mark = _hash(plain)
    if mark in known:
        return known[mark]
    try:
        made = one.work(on)
    except InputError as error:
        return RecipeStep(one, None, str(error))
    return RecipeStep(one, made, made.off, mark)


def _homes(recipe: Recipe, reps: Sequence[Rep]) -> str:
    if not any(isinstance(d, WorkloadBy) and d.homes for d in recipe.kept):
        return ""
    return _hash(sorted(r.home for r in reps))[:8]


def _hash(plain: Any) -> str:
    return hashlib.sha256(to_text(plain, "a definition").encode()).hexdigest()


def _added(accounts: Accounts, made: ScoreResult) -> Accounts:
    out = columns.with_measures(accounts, made.values, made.currency)
    if made.texts:
        new = {n: pd.Series(t, dtype="str", index=out.frame.index) for n, t in made.texts.items()}
        out = Accounts(out.frame.assign(**new), out.measures, out.currency)
    return out


TRIED_RECIPES = CacheKind[str, tuple[AppliedRecipe, ...]](
    "recipes tried out", 96, accounts=True, dataset_of=lambda dataset_id: dataset_id
)


def recalled(ws: Workspace, dataset_id: str) -> tuple[AppliedRecipe, ...]:
    """What a page has tried out on a data set, so that keeping it doesn't work it out again."""
    return ws.caches[TRIED_RECIPES].get(dataset_id) or ()


def remember(ws: Workspace, dataset_id: str, tried: AppliedRecipe) -> None:
    """Keep the last two things tried out."""
    ws.caches[TRIED_RECIPES].put(dataset_id, (tried, *recalled(ws, dataset_id))[:2])


def change(
    ws: Workspace, dataset_id: str, make: Callable[[Recipe], Recipe], *, opened: Definition | None = None
) -> Recipe:
    """Change the kept definitions as stored now, so that windows don't lose one another's.

    Args:
        ws: the workspace.
        dataset_id: whose.
        make: gets the definitions as stored, gives the new ones.
        opened: the definition that is replaced or removed, as the person saw it.

    Raises:
        ConflictError: if another window changed that one meanwhile.
        InputError: if the new definitions don't fit together.
    """
    out = EMPTY

    def put(now: DatasetInfo) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        nonlocal out
        stored = recipe_in(now.mapping)
        if opened is not None and opened not in stored.kept:
            raise ConflictError(f"{shown(opened.name)} was changed in another window; you now see the latest version")
        out = make(stored)
        return {**now.mapping, KEY: out.to_plain()}, now.summary

    ws.store.datasets.change(dataset_id, put)
    return out


def used_by(ws: Workspace, dataset_id: str, one: Definition) -> list[str]:
    """Names of the plans that balance with what a definition makes."""
    plans = ws.store.scenarios.find(dataset_id=dataset_id)
    return [p.name for p in plans if p.measure in one.makes]


def missing(found: AppliedRecipe | None, measure: str) -> str:
    """Why a plan's measure isn't there, and what to do about it, as a sentence."""
    step = None if found is None else next((s for s in found.steps if measure in s.definition.makes), None)
    if step is not None and step.problem:
        return (
            f"{shown(measure)} can't be calculated: {step.problem}. Fix it on the Scores page, or choose another "
            "measure for this plan"
        )
    return (
        f"the accounts no longer have the measure {shown(measure)}; define it again on the Scores page, or choose "
        "another measure for this plan"
    )


__all__ = [
    "EMPTY",
    "KEY",
    "AppliedRecipe",
    "Recipe",
    "RecipeStep",
    "UnreadableDefinition",
    "applied",
    "change",
    "definition_of",
    "missing",
    "ordered",
    "recalled",
    "recipe_in",
    "recipe_of",
    "remember",
]
