"""Maps with the shape of users' data: accounts are points, so most units are empty and some hold a large share.

Loads are those of the demo that ships with the project; of as many accounts as wanted, drawn after it; or of a file of
hospitals (columns `zip`, `county_fips`, `beds`) that is only read, where its path is given.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.engine.instances import ZIPS, Instance
from terr.aggregate import measures_per_unit
from terr.boundaries.layers.catalog import load_units
from terr.model.units import Units
from terr.workspace import Workspace
from terr.workspace.accounts import demo

F = NDArray[np.float64]
MEASURES = ("Potential", "Annual Revenue", "Number of accounts")
HOSPITALS = "TERR_BENCH_HOSPITALS"
"""Environment variable with the path of the file of hospitals; child processes see it too."""


@lru_cache(maxsize=4)
def demo_map(level: str, region: str, k: int, measures: int = 1) -> Instance:
    """The demo's accounts on the units of a level; the first of `MEASURES`."""
    units = load_units(level, region)
    with TemporaryDirectory() as folder:
        ws = Workspace(Path(folder))
        accounts = demo.demo_dataset(ws).accounts
        ws.close()
    loads, number = measures_per_unit(accounts, units, MEASURES[:2])
    return _instance(f"{level}s {region} x {k}", units, np.column_stack([loads, number])[:, :measures], k)


@lru_cache(maxsize=4)
def drawn_map(level: str, region: str, k: int, accounts: int, seed: int = 5) -> Instance:
    """So many accounts: each in a ZIP of the county of an account of the demo, its potential as that one's.

    Within a county a few ZIPs get most accounts, as in a city (weights are lognormal with sigma 1.5).
    """
    rng = np.random.default_rng(seed)
    known = pd.read_parquet(ZIPS)
    table = pd.read_parquet(ZIPS.parent / "demo_accounts.parquet")
    county = table["ZIP"].map(known.drop_duplicates("zip").set_index("zip")["county"])
    value = pd.to_numeric(table["Potential"], errors="coerce").fillna(0.0)
    on = np.flatnonzero(county.notna() & (value > 0))
    drawn = rng.choice(on, accounts)
    load = value.to_numpy()[drawn] * rng.lognormal(0, 0.5, accounts)
    at = county.to_numpy()[drawn]
    units = load_units(level, region)
    if level == "county":
        place = pd.Index(units.ids).get_indexer(at)
    else:
        known = known[known["zip"].isin(set(units.ids))]
        liked = rng.lognormal(0, 1.5, len(known))
        zips = np.empty(accounts, object)
        by = dict(iter(known.assign(liked=liked).groupby("county")))
        for name in np.unique(at):
            mine = at == name
            if name in by:
                inside = by[name]
                chance = inside["liked"].to_numpy() / inside["liked"].sum()
                zips[mine] = rng.choice(inside["zip"].to_numpy(), int(mine.sum()), p=chance)
        place = pd.Index(units.ids).get_indexer(zips)
    inside = place >= 0
    weights = np.bincount(place[inside], load[inside], len(units))
    return _instance(f"{accounts:,} accounts, {level}s {region} x {k}", units, weights[:, None], k)


@lru_cache(maxsize=4)
def hospital_map(level: str, region: str, k: int) -> Instance:
    """Hospitals by beds, from the file `HOSPITALS` names.

    Raises:
        FileNotFoundError: if it names none.
    """
    path = os.environ.get(HOSPITALS, "")
    if not path:
        raise FileNotFoundError("give the file of hospitals with --hospitals PATH")
    table = pd.read_csv(path, dtype=str)
    units = load_units(level, region)
    key = table["zip"].str.zfill(5) if level == "zip" else table["county_fips"].str.zfill(5)
    beds = pd.to_numeric(table["beds"], errors="coerce").fillna(0.0).clip(lower=0.0).to_numpy()
    place = pd.Index(units.ids).get_indexer(key)
    on = place >= 0
    weights = np.bincount(place[on], beds[on], len(units))
    return _instance(f"hospitals, {level}s {region} x {k}", units, weights[:, None], k)


def with_lump_split(instance: Instance) -> Instance:
    """The same map with each unit larger than a target cut to half of one, the rest spread over the loads of others."""
    w = instance.weights[:, 0].copy()
    target = w.sum() / instance.k
    over = w > target
    spare = float((w[over] - target / 2).sum())
    w[over] = target / 2
    w[~over] *= 1 + spare / w[~over].sum()
    return replace(instance, name=f"{instance.name}, split", weights=w[:, None])


def _instance(name: str, units: Units, weights: F, k: int) -> Instance:
    more: dict[str, Any] = {
        "xy_km": units.xy_km,
        "area_km2": units.area_km2,
        "outer_km": units.outer_km,
        "indptr": units.indptr,
        "indices": units.indices,
        "border_km": units.border_km,
    }
    return Instance(name=name, k=k, weights=weights, measures=MEASURES[: weights.shape[1]], **more)
