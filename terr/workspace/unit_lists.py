"""Accounts that are units of a plan: lists kept by content, so that its history holds whatever its data set is."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from cachetools import LRUCache
from numpy.typing import NDArray

from terr.boundaries.layers.books import COLUMNS, book_units
from terr.boundaries.layers.catalog import load_units
from terr.errors import InputError, LocateError, StoreError
from terr.model.accounts import Accounts
from terr.model.books.book_units import BookUnits
from terr.model.books.plan_layers import AREAS, BOOKS, UNCOVERED, PlanLayer, check_layers
from terr.model.json_values import read, to_plain
from terr.model.scenario import ScenarioInfo
from terr.model.units import area_level
from terr.scoring.layers import DividedLayers, divide
from terr.store import Store

LAYERS = "layers"
"""Under this name a scenario's settings keep its layers and which list of accounts are its units."""
_KEPT: LRUCache[tuple[str, str, tuple[str, ...], tuple[PlanLayer, ...]], BookUnits] = LRUCache(6)
_LOCK = Lock()


@dataclass(frozen=True)
class KeptLayers:
    """What a scenario's settings keep of its layers.

    Attributes:
        units: SHA-256 of the list of accounts that are units.
        list: the layers, in order.
    """

    units: str
    list: tuple[PlanLayer, ...]


def kept_layers(info: ScenarioInfo) -> KeptLayers | None:
    """The layers of a plan; None for one without: every account goes with its area.

    Raises:
        StoreError: if what is kept can't be read.
    """
    kept = info.settings.get(LAYERS)
    if kept is None:
        return None
    try:
        return read(KeptLayers, kept, "the layers of a plan")
    except InputError as error:
        raise StoreError(f'the layers of "{info.name}" can\'t be read; restore the database from a backup') from error


def layers_json(layers: Sequence[PlanLayer], sha256: str) -> Any:
    """The same as it is kept."""
    return to_plain(KeptLayers(sha256, tuple(layers)))


def listed_units(store: Store, info: ScenarioInfo) -> BookUnits:
    """The units of a plan whose accounts are units.

    Raises:
        LocateError: if its areas or its list aren't at hand.
        StoreError: if what is kept can't be read.
    """
    kept = kept_layers(info)
    if kept is None:
        raise LocateError(f'the accounts of "{info.name}" aren\'t listed; make the plan again')
    return _units(store, area_level(info.level), tuple(info.region), kept.list, kept.units)


def units_of_list(
    store: Store, level: str, region: tuple[str, ...], layers: Sequence[PlanLayer], table: pd.DataFrame
) -> tuple[BookUnits, str]:
    """Keep a list of accounts, and give the units it makes with the areas of a level, and the list's SHA-256.

    Args:
        store: where it is kept.
        level: of the areas, "" = none; region: of them.
        layers: the plan's.
        table: see `terr.boundaries.layers.books.COLUMNS`.
    """
    made = io.BytesIO()
    table.to_parquet(made, engine="pyarrow", index=False)
    sha256 = store.files.save(made.getvalue())
    return _units(store, level, region, tuple(layers), sha256), sha256


def _units(store: Store, level: str, region: tuple[str, ...], layers: tuple[PlanLayer, ...], sha256: str) -> BookUnits:
    key = (sha256, level, region, layers)
    with _LOCK:
        found = _KEPT.get(key)
    if found is not None:
        return found
    try:
        table = pd.read_parquet(io.BytesIO(store.files.read(sha256)), engine="pyarrow")
    except (OSError, ValueError) as error:
        raise StoreError("the list of a plan's accounts is damaged; restore the database from a backup") from error
    areas = load_units(level, region) if level else None
    of_areas = next((k for k, v in enumerate(layers) if v.method == AREAS), -1)
    left_out = next((k for k, v in enumerate(layers) if v.method == UNCOVERED), -1)
    made = book_units(areas, table, tuple(v.name for v in layers), of_areas, sha256, left_out)
    with _LOCK:  # the first one stays: what is measured is kept by the units themselves
        return _KEPT.setdefault(key, made)


def account_table(accounts: Accounts, layers: Sequence[PlanLayer], of: NDArray[np.int16]) -> pd.DataFrame:
    """The accounts that are units: those of layers of books, once each, in the order of the data set; and those an
    overlay doesn't cover, which are listed so that they lie in none of its areas.

    Args:
        accounts: n accounts; layers: the plan's.
        of: int16 (n,), the layer of each account.
    """
    books = np.array([v.method in (*BOOKS, UNCOVERED) for v in layers], dtype=np.bool_)
    frame = accounts.frame
    mine = books[of] & (frame["account_id"].astype(str) != "").to_numpy()
    some = frame.loc[mine, ["account_id", "name", "state", "lat", "lon"]].assign(layer=of[mine].astype(np.int64))
    return some.drop_duplicates("account_id").reset_index(drop=True)[list(COLUMNS)]


@dataclass(frozen=True, eq=False)
class CarriedBooks:
    """A plan's accounts carried to another extract.

    Attributes:
        settings: to be put into the scenario's settings; units_version, n_units: of the units from then on.
        sentence: what came of it, for a person; "" for a plan without layers.
    """

    settings: Mapping[str, Any]
    units_version: str
    n_units: int
    sentence: str


def carried(store: Store, info: ScenarioInfo, accounts: Accounts) -> CarriedBooks | None:
    """A plan's list with the accounts of another extract: those there are keep their unit, layer and territory by id,
    new ones join the layer whose rule catches them and belong to no territory; removed ones stay, without a load.

    Returns:
        None for a plan without layers.
    """
    kept = kept_layers(info)
    if kept is None:
        return None
    found = divide(accounts, kept.list, lenient=True)
    table = account_table(accounts, kept.list, found.of)
    old = pd.read_parquet(io.BytesIO(store.files.read(kept.units)), engine="pyarrow")
    new = table[~table["account_id"].isin(old["account_id"])]
    now = table.set_index("account_id").reindex(old["account_id"])
    here = now["name"].notna().to_numpy()
    fresh = old.copy()
    for column in ("name", "state", "lat", "lon"):
        fresh[column] = np.where(here, now[column].to_numpy(), old[column].to_numpy())
    fresh = fresh.astype({"lat": np.float64, "lon": np.float64})
    ids = set(accounts.frame["account_id"].astype(str))
    gone = int((~old["account_id"].isin(ids)).sum())
    elsewhere = _elsewhere(accounts, found, old)
    units, sha256 = units_of_list(
        store,
        area_level(info.level),
        tuple(info.region),
        kept.list,
        pd.concat([fresh, new], ignore_index=True)[list(COLUMNS)],
    )
    told = _carried_sentence(kept.list, found, new, gone, elsewhere)
    return CarriedBooks({LAYERS: layers_json(kept.list, sha256)}, units.version, len(units), told)


def _elsewhere(accounts: Accounts, found: DividedLayers, old: pd.DataFrame) -> int:
    """Accounts whose rule says another layer now than the one they are in."""
    was = accounts.frame["account_id"].astype(str).map(old.set_index("account_id")["layer"])
    there = was.notna().to_numpy()
    return int((was[there].to_numpy(dtype=np.int64) != found.of[there]).sum())


def _carried_sentence(
    layers: Sequence[PlanLayer], found: DividedLayers, new: pd.DataFrame, gone: int, elsewhere: int
) -> str:
    said = []
    if len(new):
        by = [(v.name, int((new["layer"] == k).sum())) for k, v in enumerate(layers)]
        listed = ", ".join(f"{n:,} in {name}" for name, n in by if n)
        said.append(f"New and unassigned: {listed}.")
    if gone:
        said.append(f"Removed from the data: {gone:,}; they stay in the plan without an amount.")
    if elsewhere:
        said.append(f"Caught by another layer's rule now: {elsewhere:,}; they keep their layer and territory.")
    said += [f'Layer "{v.name}": {c.notes[0]}' for v, c in zip(layers, found.caught, strict=True) if c.broken]
    return " ".join(said)


def check_plan_layers(layers: Sequence[PlanLayer], level: str) -> None:
    """Refuse layers that don't fit a level of areas.

    Raises:
        InputError: saying what is wrong.
    """
    check_layers(layers)
    if (level != "") != any(v.method == AREAS for v in layers):
        raise InputError("choose the level of the areas, or make no layer of areas")
