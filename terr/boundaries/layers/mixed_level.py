"""Mixed levels as values: some areas of a level are split into the areas inside them, and those perhaps again.

The value is written as a level, and read back from it: `county+zip:06037` are the counties, with Los Angeles County as
its ZIPs; `state+county:CA,TX+zip:06037` are the states, with California and Texas as counties, and Los Angeles County
as ZIPs. The code of a state where counties are split stands for all its counties: `county+zip:TX`. Cities and ZIP3s
have ZIPs inside them too: `city+zip:06037-los-angeles`, `zip3+zip:021`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from terr.errors import LocateError
from terr.model.units import area_level, noun

INSIDE = {"state": "county", "county": "zip", "city": "zip", "zip3": "zip"}
"""Level -> the level its areas are split into, which lie inside them without a rest; the coarsest first."""
CLOSEST = 40_000
"""Characters a mixed level may have: all counties of the country by name are 19,000."""

_EXAMPLES = {"state": "CA", "county": "06037", "city": "06037-los-angeles", "zip3": "021"}
_ONE = r"(?:\d{5}-[0-9a-z-]{1,80}|[0-9A-Z]{2,5})"
_LEVEL = re.compile(rf"(?:state|county|city|zip3)(?:\+(?:county|zip):{_ONE}(?:,{_ONE})*)+")
_ID = {
    "state": re.compile(r"[A-Z]{2}"),
    "county": re.compile(r"\d{5}"),
    "city": re.compile(r"\d{5}(?:-[0-9a-z]+)+"),
    "zip3": re.compile(r"\d{3}"),
}


@dataclass(frozen=True)
class LevelSplit:
    """Areas of a level that are split into those of the next one.

    Attributes:
        level: of the areas that are split; parents: their ids, sorted, each once. But for states the code of a
            state stands for all its areas of the level.
    """

    level: str
    parents: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.level not in INSIDE:
            raise LocateError(
                f"areas of the level {self.level[:40]} can't be split; choose states, counties, cities or ZIP3s"
            )
        good = (_ID[self.level], _ID["state"])
        bad = [p for p in self.parents if not any(g.fullmatch(p) for g in good)]
        if bad or not self.parents:
            name = f'"{"".join(bad[:1])[:40]}" is no {noun(self.level, 1)} to split'
            raise LocateError(f"{name}; give ids such as {_EXAMPLES[self.level]}")
        if list(self.parents) != sorted(set(self.parents)):
            object.__setattr__(self, "parents", tuple(sorted(set(self.parents))))

    @property
    def into(self) -> str:
        """The level of the parts."""
        return INSIDE[self.level]


@dataclass(frozen=True)
class MixedLevel:
    """A level some of whose areas are split.

    Attributes:
        base: the level it starts from; splits: from the coarsest to the finest, one for each level that is split.
    """

    base: str
    splits: tuple[LevelSplit, ...]

    def __post_init__(self) -> None:
        if not self.splits or [s.level for s in self.splits] != list(self.levels[:-1]):
            raise LocateError(
                "a mixed level starts from states or counties and splits each level into the next one, or splits "
                "cities or ZIP3s into ZIPs"
            )

    @property
    def levels(self) -> tuple[str, ...]:
        """Every level it may have units of, the coarsest first."""
        return (self.base, *(s.into for s in self.splits))

    @property
    def text(self) -> str:
        """The level as it is stored and written: see the module."""
        return "+".join([self.base, *(f"{s.into}:{','.join(s.parents)}" for s in self.splits)])

    def with_split(self, level: str, parents: Iterable[str]) -> MixedLevel:
        """The same with further areas of one of its levels split."""
        more = tuple(parents)
        known = {s.level: s.parents for s in self.splits}
        known[level] = (*known.get(level, ()), *more)
        return MixedLevel(self.base, tuple(LevelSplit(v, known[v]) for v in INSIDE if v in known))


def is_mixed(level: str) -> bool:
    """Whether a level is written as a mixed one."""
    return "+" in area_level(level)


def parse_mixed(level: str) -> MixedLevel:
    """The value of a mixed level as it is written.

    Raises:
        LocateError: if it can't be read.
    """
    level = area_level(level)
    if len(level) > CLOSEST or not _LEVEL.fullmatch(level):
        raise LocateError(f'"{level[:40]}" is not a mixed level; write one as county+zip:06037,17031')
    base, *parts = level.split("+")
    pairs = [part.split(":", 1) for part in parts]
    above = (base, *(into for into, _ in pairs))
    wrong = [v for v, (into, _) in zip(above, pairs, strict=False) if INSIDE.get(v) != into]
    splits = [LevelSplit(v, tuple(ids.split(","))) for v, (_, ids) in zip(above, pairs, strict=False) if not wrong]
    return MixedLevel(base, tuple(splits))


def split_level(level: str, parents: Iterable[str]) -> MixedLevel:
    """A level, mixed or not, with some of its areas split.

    Args:
        level: what the areas are of.
        parents: ids of the areas, as units have them: "06037" of counties, "county:06037" of a mixed level.

    Raises:
        LocateError: if there are none, or nothing lies inside one of them.
    """
    ids = list(parents)
    if not ids:
        raise LocateError("no area is named to split")
    if not is_mixed(level):
        return MixedLevel(level, (LevelSplit(level, tuple(ids)),))
    out = parse_mixed(level)
    for kind, _, plain in (i.partition(":") for i in ids):
        if kind not in INSIDE:
            raise LocateError(f"nothing is known that lies inside {kind} {plain[:20]}; it can't be split")
        out = out.with_split(kind, [plain])
    return out
