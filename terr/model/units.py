"""Units: the smallest indivisible areas of one level and region, with their graph of shared borders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.arrays import frozen

if TYPE_CHECKING:
    import geopandas as gpd

UNASSIGNED = -1
"""Code of a unit that belongs to no territory."""

_NOUNS = {
    "state": ("state", "states"),
    "county": ("county", "counties"),
    "city": ("city", "cities"),
    "zip": ("ZIP", "ZIPs"),
    "zip3": ("ZIP3", "ZIP3s"),
    "own": ("area", "areas"),
    "account": ("account", "accounts"),
    "layers": ("area or account", "areas and accounts"),
    "": ("unit", "units"),
}

ACCOUNT = "account:"
"""Begins the id of a unit that is an account."""
_BOOKS = "account"

COLUMNS = ("unit_id", "name", "state", "area_km2", "x_km", "y_km", "geometry")


@dataclass(frozen=True, eq=False)
class Units:
    """Areas of one level in one region. A unit's row position is its code everywhere.

    Attributes:
        level: that of the layer they were cut from: "state", "county", "city", "zip", "zip3", their exact kin
            "zip-2020" and "zip3-2020", "own-" and 12 hex digits for a file of one's own, or a mixed level such as
            "county+zip:06037"; "account", alone or before the level of the areas, for `BookUnits`.
        region: state codes of the region, sorted, e.g. ("OK", "TX"); ("*",) for all of a layer.
        frame: GeoDataFrame in EPSG:4326 sorted by the unique string `unit_id`, with a RangeIndex and the columns
            `unit_id, name, state, area_km2, x_km, y_km, geometry`; `state` may be "" (a file of one's own); x/y are
            those of the unit's representative point in km in an equal-area projection fit for the region.
        indptr: int32 (n + 1,), CSR row pointers of the border graph (symmetric, bridges included).
        indices: int32 (nnz,), neighbors.
        border_km: float64 (nnz,), shared border length in km; 0 for a bridge.
        outer_km: float64 (n,), border shared with no unit of the region, in km.
        bridges: pairs of unit ids joined though they share no border (islands, ferries, pieces of a region).
        version: short content hash; two Units with one version have the same rows in the same order.
    """

    level: str
    region: tuple[str, ...]
    frame: gpd.GeoDataFrame
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    border_km: NDArray[np.float64]
    outer_km: NDArray[np.float64]
    bridges: tuple[tuple[str, str], ...]
    version: str

    def __post_init__(self) -> None:
        missing = [c for c in COLUMNS if c not in self.frame.columns]
        if missing:
            raise PlanError(f"areas lack the columns {', '.join(missing)}")
        ids = self.frame["unit_id"]
        if not ids.is_unique or not (ids.is_monotonic_increasing or has_accounts(self.level)):
            raise PlanError("area ids must be unique and sorted")
        for name, dtype in (
            ("indptr", np.int32),
            ("indices", np.int32),
            ("border_km", np.float64),
            ("outer_km", np.float64),
        ):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))
        n = len(self.frame)
        if len(self.indptr) != n + 1 or self.indptr[0] != 0 or self.indptr[-1] != len(self.indices):
            raise PlanError("row pointers don't fit the areas")
        if len(self.border_km) != len(self.indices) or len(self.outer_km) != n:
            raise PlanError("border lengths don't fit the areas")

    def __len__(self) -> int:
        return len(self.frame)

    # what is read at each click is made once: 33,000 strings take a while to make

    @cached_property
    def _ids(self) -> tuple[str, ...]:
        return tuple(str(v) for v in self.frame["unit_id"])

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(str(v) for v in self.frame["name"])

    @property
    def ids(self) -> list[str]:
        """Unit ids in code order."""
        return list(self._ids)

    @property
    def names(self) -> list[str]:
        """Display names in code order, e.g. "Travis, TX"."""
        return list(self._names)

    @cached_property
    def xy_km(self) -> NDArray[np.float64]:
        """float64 (n, 2), representative points in km. Read-only."""
        return frozen(self.frame[["x_km", "y_km"]].to_numpy(dtype=np.float64), np.float64, 2)

    @cached_property
    def area_km2(self) -> NDArray[np.float64]:
        """float64 (n,), areas in km2. Read-only."""
        return frozen(self.frame["area_km2"].to_numpy(dtype=np.float64), np.float64)

    @cached_property
    def lat_lon(self) -> NDArray[np.float64]:
        """float64 (n, 2), latitude and longitude of a point inside each unit, degrees. Read-only."""
        inside = self.frame.geometry.representative_point()
        return frozen(np.column_stack([inside.y.to_numpy(), inside.x.to_numpy()]), np.float64, 2)

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {u: i for i, u in enumerate(self._ids)}

    def codes(self) -> Mapping[str, int]:
        """unit_id -> code. Read-only."""
        return MappingProxyType(self._codes)

    def neighbors(self, code: int) -> NDArray[np.int32]:
        """Codes of the units that share a border or a bridge with `code`."""
        return self.indices[self.indptr[code] : self.indptr[code + 1]]

    def graph(self) -> Any:
        """The border graph as a scipy CSR matrix of ones, (n, n)."""
        from scipy.sparse import csr_matrix

        n = len(self)
        return csr_matrix((np.ones(len(self.indices), dtype=np.int8), self.indices, self.indptr), shape=(n, n))


def has_accounts(level: str) -> bool:
    """Whether accounts are units of a level: all of "account", some of "account+county"."""
    return level == _BOOKS or level.startswith(f"{_BOOKS}+")


def area_level(level: str) -> str:
    """The level of a plan's areas: "county" of "account+county" and of "county"; "" where all units are accounts."""
    return "" if level == _BOOKS else level.removeprefix(f"{_BOOKS}+")


def books_level(areas: str) -> str:
    """The level of a plan of layers over areas of a level, "" = without areas; see `area_level`."""
    return f"{_BOOKS}+{areas}" if areas else _BOOKS


def noun(level: str, n: int = 2) -> str:
    """The word for `n` units of a level: "county", "counties", "ZIPs", "areas"; "units" for no level."""
    if has_accounts(level):
        one, many = _NOUNS["account" if level == _BOOKS else "layers"]
        return one if n == 1 else many
    kind = "own" if "+" in level else level.split("-", 1)[0]  # a mixed level has areas of several kinds
    one, many = _NOUNS.get(kind, _NOUNS[""])
    return one if n == 1 else many
