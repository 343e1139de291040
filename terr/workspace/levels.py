"""Levels of units a plan can be made on, what their areas are called, and what is to be known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from terr.aggregate import placed
from terr.boundaries.layers import library
from terr.boundaries.layers.bundled import TITLES
from terr.boundaries.layers.catalog import (
    CITY,
    LEVELS,
    STATES,
    is_mixed,
    layer,
    load_units,
    parse_mixed,
    parse_region,
    region_label,
)
from terr.boundaries.layers.cities import TITLE as CITIES
from terr.boundaries.layers.regions import EVERYWHERE
from terr.errors import InputError, LocateError
from terr.locate.placing import PlacedAccounts
from terr.model.accounts import Accounts
from terr.model.books.book_units import BookUnits
from terr.model.books.plan_layers import BOOKS, UNCOVERED, PlanLayer
from terr.model.json_values import readable
from terr.model.progress import UNWATCHED, Progress
from terr.model.result import Explanation
from terr.model.scenario import ScenarioInfo
from terr.model.units import Units, area_level, has_accounts
from terr.model.wording import count
from terr.report.safe import shown
from terr.view.text import and_list, unit_noun

BOUNDARIES = "boundaries"
"""Under this name a scenario's settings keep what its layer was, so that it can be asked for again."""

MANY = 3_500
"""Units above which a plan is slower to draw and to search, which is said before it is made."""

WAY_WORDS = {
    "lat_lon": "by latitude and longitude",
    "zip": "by ZIP",
    "city_state": "by city and state",
    "county": "by county and state",
    "id": "by id",
}
"""Ways of `terr.locate.placing.WAYS`, in words."""

_ESTIMATES = ("zip", "zip3")


@dataclass(frozen=True)
class LevelChoice:
    """A level to choose.

    Attributes:
        level: as in `Layer`; title: for a person; approximate: its areas are an estimate.
    """

    level: str
    title: str
    approximate: bool = False


def choices() -> tuple[LevelChoice, ...]:
    """All levels at hand: those that come with Terr, then what is on the shelf. Reads no shapes."""
    own = (LevelChoice(v, TITLES[v], v in _ESTIMATES) for v in LEVELS)
    return (
        *own,
        LevelChoice(CITY, CITIES, True),
        *(LevelChoice(k.level, k.title, k.approximate) for k in library.stored_layers()),
    )


def check_level(level: str) -> None:
    """Refuse a level that isn't at hand.

    Raises:
        InputError: naming those that are.
        LocateError: for a mixed level that isn't written as one.
    """
    if level in LEVELS or level == CITY:
        return
    if is_mixed(level):
        parse_mixed(level)
        return
    known = choices()
    if level not in [c.level for c in known]:
        raise InputError(f"{shown(level)} is not a level; choose {', '.join(c.level for c in known)}")


def state_name(code: str) -> str:
    """What a state is called, by its code of two letters."""
    return STATES[code]


def has_states(level: str) -> bool:
    """Whether a region can be chosen: the level's areas know their state.

    Raises:
        LocateError: if the level isn't at hand.
    """
    return not level.startswith("own-") or bool((layer(level).areas["state"] != "").any())


def settled_region(level: str, region: str | Sequence[str] | None) -> tuple[str, ...]:
    """The region as it is stored; all of a layer that has no states, and of one's own if none is given.

    Raises:
        InputError: if there can't be one.
        LocateError: if it isn't known, or is needed and not given.
    """
    given = [region] if isinstance(region, str) else list(region or ())
    given = [g for g in given if g.strip()]
    if not given:
        if level.startswith("own-"):
            return EVERYWHERE
        raise LocateError(f'no region is given: name states such as "TX, OK", or "lower48", to plan {unit_noun(level)}')
    if tuple(given) != EVERYWHERE and not has_states(level):
        raise InputError(f"the areas of {layer(level).title} have no states, so a region can't be chosen; leave it out")
    return parse_region(given)


@dataclass(frozen=True)
class PlanOutlook:
    """What a plan will start with.

    Attributes:
        line: units, and accounts by the way they are placed; reasons: why others aren't; hints: what else to know.
    """

    line: str
    reasons: tuple[str, ...]
    hints: tuple[str, ...]


def plan_outlook(
    accounts: Accounts, level: str, region: str | Sequence[str] | None, *, progress: Progress = UNWATCHED
) -> PlanOutlook:
    """What a plan on a level and region would start with; a second look at the same takes no time.

    Raises:
        InputError, LocateError: as for `settled_region`.
        StoppedError: if the person stopped it.
    """
    progress.tell(0.0, "loading the map areas")
    units = load_units(level, settled_region(level, region))
    progress.tell(0.6, "locating the accounts")
    found = placed(accounts, units)
    word, n = unit_noun(level, len(units)), len(units)
    hints = [said.message + "." for said in rough_note(units)]
    if n > MANY:
        hints.append(
            f"{n:,} {word} are many: the map takes some seconds to open and Generate some minutes; fewer states, or "
            f"{'ZIP3s' if level.startswith('zip') else 'larger areas'}, are quicker."
        )
    reasons = tuple(f"{k:,}: {why}" for why, k in found.reasons().items())
    return PlanOutlook(f"{n:,} {word}. Accounts: {located_line(found)}.", reasons, tuple(hints))


@dataclass(frozen=True)
class KeptLayer:
    """What a scenario's settings keep of its layer; see `Layer`."""

    title: str = ""
    source: str = ""
    approximate: bool = False


def layer_settings(level: str) -> dict[str, Any]:
    """The same of a level, as JSON."""
    whole = layer(level)
    return {"title": whole.title, "source": whole.source, "approximate": whole.approximate}


def place_name(units: Units) -> str:
    """What a person calls where the units lie: "Texas", or the title of a layer that is planned as a whole."""
    if isinstance(units, BookUnits):
        return "the books of accounts" if units.areas is None else place_name(units.areas)
    return region_label(units.region) if units.region != EVERYWHERE else layer(units.level).title


def layers_heading(layers: Sequence[PlanLayer], areas: Units | None) -> str:
    """What a plan of layers is made on, in one line: "Books of accounts", "Key accounts, and Texas by county"."""
    if len(layers) == 1:
        return "Books of accounts"
    books = [v.name for v in layers if v.method in BOOKS]
    if areas is None:
        return f"Books of {and_list(books)}"[:120]
    place = place_name(areas)
    own = place if areas.region == EVERYWHERE else f"{place} by {unit_noun(areas.level, 1)}"
    if not books:
        return own[:120]
    return f"{and_list(books)}, then {own}"[:120]


def heading(info: ScenarioInfo, *, brief: bool = False) -> str:
    """What a plan is made on, in one line: "Texas by county", "Texas by ZIP (approximate areas)", "My districts".

    `brief` leaves the word in brackets to a line above that has it already.
    """
    if has_accounts(info.level):
        return _books_heading(info, brief)
    kept = _kept(info)
    rough = " (approximate areas)" if is_rough(info) and not brief else ""
    if tuple(info.region) == EVERYWHERE:
        return f"{kept.title or 'Areas of a file of your own'}{rough}"
    if is_mixed(info.level):
        return f"{region_label(info.region)}: {kept.title or 'areas of several levels'}{rough}"
    own = f"area of {kept.title}" if info.level.startswith("own-") and kept.title else ""
    return f"{region_label(info.region)} by {own or unit_noun(info.level, 1)}{rough}"


def _books_heading(info: ScenarioInfo, brief: bool) -> str:
    layers = info.settings.get("layers")
    kept = layers.get("list") if isinstance(layers, Mapping) else None
    some = [v for v in kept if isinstance(v, Mapping)] if isinstance(kept, list) else []
    named = [str(v.get("name")) for v in some if v.get("method") != UNCOVERED]
    level = area_level(info.level)
    if not level:
        return "Books of accounts" if len(named) < 2 else f"Books of accounts in {len(named)} layers"
    return f"{heading(replace(info, level=level), brief=brief)}, with {count(len(named), 'layer')}"


def is_rough(info: ScenarioInfo) -> bool:
    """Whether the plan's areas are approximate, which is said wherever they are shown."""
    return _kept(info).approximate


def missing(info: ScenarioInfo, error: LocateError) -> str:
    """What to do about a plan whose layer isn't at hand any more."""
    kept = _kept(info)
    if not info.level.startswith(("own-", "zip")) or not kept.title:
        return str(error)
    title = shown(kept.title, 60)
    which = f" ({kept.source})" if kept.source else ""
    again = (
        "Add that file again on the Settings page, with the same columns"
        if info.level.startswith("own-")
        else "Fetch it again on the Settings page"
    )
    return (
        f'"{info.name}" was made on the boundaries {title}{which}, which are not on this machine any more. {again}; '
        "the plan is kept and opens as it was"
    )


def rough_note(units: Units) -> tuple[Explanation, ...]:
    """Says that areas are approximate; () if they are not."""
    if isinstance(units, BookUnits):
        return () if units.areas is None else rough_note(units.areas)
    whole = layer(units.level) if units.level not in ("state", "county") else None
    if whole is None or not whole.approximate:
        return ()
    word = "ZIP" if is_mixed(units.level) else unit_noun(units.level, 1)
    text = (
        f"{word} areas are approximate: they are drawn around ZIP points, not along their real borders. Accounts "
        "with a ZIP are placed by it, so totals are right; borders, areas and compactness are estimates"
    )
    return (Explanation("approximate_areas", text),)


def boundaries_report(units: Units, findings: Sequence[str] = ()) -> dict[str, Any]:
    """What the areas are, as JSON: `{"level", "title", "approximate", "source", "areas", "findings"}`."""
    if isinstance(units, BookUnits) and units.areas is None:
        return {
            "level": units.level,
            "title": "Accounts",
            "approximate": False,
            "source": "",
            "areas": 0,
            "findings": list(findings),
        }
    whole = layer(units.level)
    return {
        "level": units.level,
        "title": whole.title,
        "approximate": whole.approximate,
        "source": whole.source,
        "areas": len(units),
        "findings": list(findings),
    }


def located_report(found: PlacedAccounts) -> dict[str, Any]:
    """How accounts came to their units, as JSON: numbers by way, outside and unlocated, and reasons -> numbers."""
    return {**found.ways(), "reasons": found.reasons()}


def located_line(found: PlacedAccounts) -> str:
    """The same in words: "4,980 by ZIP, 12 by latitude and longitude; 3 accounts outside the region, 5 not located"."""
    ways = found.ways()
    placed = [f"{ways[w]:,} {WAY_WORDS[w]}" for w in WAY_WORDS if ways[w]]
    rest = [count(ways["outside"], "account") + " outside the region"] if ways["outside"] else []
    rest += [f"{ways['unlocated']:,} not located"] if ways["unlocated"] else []
    return "; ".join(part for part in (", ".join(placed), ", ".join(rest)) if part) or "no accounts"


def reasons_line(found: PlacedAccounts, most: int = 3) -> str:
    """Why accounts aren't located, as the end of a sentence: " (3: its ZIP is blank; 2: ...)"; "" if all are."""
    reasons = [f"{n:,}: {why}" for why, n in found.reasons().items()]
    if not reasons:
        return ""
    more = f"; and {len(reasons) - most:,} more reasons" if len(reasons) > most else ""
    return f" ({'; '.join(reasons[:most])}{more})"


def _kept(info: ScenarioInfo) -> KeptLayer:
    return KeptLayer(**readable(KeptLayer, info.settings.get(BOUNDARIES)))
