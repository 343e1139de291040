"""One call each of what a person waits for, and of what a hostile file could make long.

`python -m benchmarks --only calls`. Each runs three times in this process, after one call that compiles and loads; the
longest of the three is judged. That the answers are right, and that a refused file isn't unpacked, is what tests check.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from benchmarks.files import gate
from benchmarks.marks import Figure, timed
from terr import aggregate
from terr.boundaries.own.cleaning import clean
from terr.boundaries.own.upload import inspect
from terr.boundaries.reading import BoundaryFileLimits, read
from terr.engine import certify, design, explain
from terr.engine.explain.causes import causes
from terr.errors import InputError
from terr.ingest import build_ledger, read_table, recognise
from terr.locate import locate
from terr.locate.placing import place
from terr.matching import duplicates, families
from terr.metrics import Context, evaluate, shown_in
from terr.metrics.tally import full_tally
from terr.scoring.language import parse
from terr.scoring.nodes import MAX_LENGTH, FormulaError
from tests.helpers import geofiles, layers, strategies
from tests.helpers.grids import grid_units, make_accounts
from tests.helpers.intakes import book_bytes, csv_bytes

TIMES = 3
Ready = Callable[[], object]


@dataclass(frozen=True)
class Call:
    """What is timed.

    Attributes:
        case: what there is; name: what is done with it.
        mark: seconds it may take.
        ready: makes the input, and returns the call.
    """

    case: str
    name: str
    mark: float
    ready: Callable[[], Ready]


def _twins() -> Ready:
    n = 3_000
    accounts = make_accounts([""] * n, revenue=np.ones(n))
    accounts.frame[["name", "zip"]] = ["Acme", "02139"]
    return lambda: duplicates.suggest(accounts)


def _chain() -> Ready:
    """Each account is the parent of the next."""
    n = 20_000
    accounts = make_accounts([""] * n, {"ParentId": ["", *(f"A-{k}" for k in range(1, n))]}, revenue=np.ones(n))
    return lambda: families.count_once(accounts, [f.decide("parent") for f in families.suggest(accounts)])


def _placed_by_unit() -> Ready:
    units, rng = grid_units(40, 40), np.random.default_rng(1)
    accounts = make_accounts([f"{v:05d}" for v in rng.integers(1, 1700, 5000)], revenue=rng.gamma(2.0, 1e5, 5000))
    return lambda: aggregate.measures_per_unit(accounts, units, ["revenue"])


def _located() -> Ready:
    """By ZIP, by cities there are none of, and by coordinates."""
    rng, n = np.random.default_rng(1), 100_000
    frame = pd.DataFrame(
        {
            "zip": rng.choice(["78701", "2116", "99999", ""], n),
            "city": [f"city {k}" for k in range(n)],
            "state": rng.choice(["TX", "MA", "Ontario", ""], n),
            "county": "",
            "lat": np.where(rng.random(n) < 0.5, rng.uniform(26, 48, n), np.nan),
            "lon": rng.uniform(-120, -75, n),
        }
    )
    return lambda: locate(frame)


def _placed_on_own_areas() -> Ready:
    rng, n, side = np.random.default_rng(1), 250_000, 182
    whole = layers.layer_of(layers.squares(-100.0, 30.0, side, side, 0.05, prefix="Z"))
    spots = {"lat": 30 + rng.random(n) * side * 0.05, "lon": -100 + rng.random(n) * side * 0.05}
    frame = pd.DataFrame({"zip": "", "city": "", "state": "", "county": "", "located_by": "lat_lon", **spots})
    return lambda: place(frame, whole)


def _placed_on_zips() -> Ready:
    from terr.boundaries.layers.catalog import layer, load_units

    rng, n, units, areas = np.random.default_rng(3), 250_000, load_units("zip", "us"), layer("zip").areas
    picked = areas.iloc[rng.integers(0, len(units), n)]
    by_zip = rng.random(n) < 0.5
    frame = pd.DataFrame(
        {
            "zip": np.where(by_zip, picked["unit_id"], ""),
            "city": "",
            "state": picked["state"].to_numpy(),
            "county": picked["county"].to_numpy(),
            "located_by": np.where(by_zip, "zip", "lat_lon"),
            "lat": picked["lat"].to_numpy() + rng.normal(0, 1e-4, n),
            "lon": picked["lon"].to_numpy() + rng.normal(0, 1e-4, n),
        }
    )
    return lambda: place(frame, units)


def _workbook() -> Ready:
    rows = ([*row[:4], k * 1.5, k % 500, *row[6:]] for k, row in zip(range(5_000), gate.rows(5_000), strict=True))
    data = book_bytes({"Accounts": [gate.HEAD, *rows]})

    def taken() -> object:
        raw = read_table(data, "a.xlsx")
        return build_ledger(raw, recognise(raw))

    return taken


def _squares(side: int, across: int) -> np.ndarray:
    """(side * side,) territory of each unit: squares of side / across units."""
    y, x = np.divmod(np.arange(side * side), side)
    return (y * across // side * across + x * across // side).astype(np.int16)


def _metrics() -> Ready:
    units, slots = grid_units(56, 56), _squares(56, 7)
    loads, counts = np.ones((56 * 56, 2)), np.zeros(56 * 56, np.int64)

    def measure() -> object:
        return evaluate(
            Context(full_tally(slots, tuple(range(49)), units, loads, counts), ("a", "b")), shown_in("compare")
        )

    return measure


def _causes() -> Ready:
    loads = np.random.default_rng(3).lognormal(0, 0.3, 56 * 56)
    problem = strategies.grid(56, 56, 49, loads, limit=0.04)
    return lambda: causes(problem, _squares(56, 7))


def _explained() -> Ready:
    problem = strategies.grid(40, 40, 25, np.random.default_rng(1).lognormal(0, 1, 1600), limit=0.05)
    return lambda: explain(problem, _squares(40, 5), time_limit_s=5)


def _certified() -> Ready:
    problem = strategies.grid(30, 30, 12, np.random.default_rng(0).lognormal(0, 1, 900))
    plan = design(problem, effort=0.02).assign
    return lambda: certify(problem, plan, time_limit_s=2)


def _refused(act: Ready) -> Ready:
    """The call, which must be refused."""

    def call() -> None:
        with suppress(InputError, FormulaError):
            act()
            raise AssertionError("a hostile input was let in")

    return call


def _workbook_bomb(part: bytes) -> Ready:
    """A workbook whose sheet is replaced."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book_bytes({"A": [["Id"], ["1"]]}))) as book,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in book.namelist():
            out.writestr(name, part if name.endswith("sheet1.xml") else book.read(name))
    return _refused(lambda: read_table(packed.getvalue(), "a.xlsx"))


def _entities() -> Ready:
    """Ten entities, each ten times the one before."""
    levels = b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    return _workbook_bomb(b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">' + levels + b"]><t>&j;</t>")


def _parquet_bomb() -> Ready:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), pa.array(["x" * 30_000]))
    out = io.BytesIO()
    pq.write_table(pa.table({"ID": text}), out)
    return _refused(lambda: read_table(out.getvalue(), "a.parquet"))


def _numbers() -> Ready:
    cells = ("9" * 400, "1" + "," * 150, "(" * 190, "$" * 190, "1" * 100 + "e" + "9" * 90, "." * 199, "-" * 199)
    rows = [[f"A{k}", "Acme", "02139", cell] for k, cell in enumerate(cells * 300)]
    raw = read_table(csv_bytes([["Account ID", "Account Name", "Zip", "Revenue"], *rows]), "a.csv")
    return lambda: build_ledger(raw, recognise(raw))


def _zip_bomb() -> Ready:
    data = geofiles.zipped({"areas.shp": bytes(300 << 20)})
    return _refused(lambda: read(data, "areas.zip", limits=BoundaryFileLimits(bytes=800 << 20)))


def _brackets() -> Ready:
    data = b'{"x": ' + b'{"a":' * 200_000
    return _refused(lambda: read(data, "deep.geojson"))


def _heap() -> Ready:
    """3,000 areas that all lie over each other."""
    frame = geofiles.squares([f"{i:05d}" for i in range(3_000)], step=0.00001)
    frame = frame.set_geometry(shapely.buffer(frame.geometry.to_numpy(), 0.5, quad_segs=1)).set_crs(4326)
    data = geofiles.geoparquet(frame)
    return _refused(lambda: clean(inspect(data, "x")))


CALLS = (
    Call("3,000 accounts of one name and ZIP", "duplicates found", 3.0, _twins),
    Call("a chain of 20,000 parents", "counted once", 5.0, _chain),
    Call("5,000 accounts, 1,600 units", "summed by unit", 0.02, _placed_by_unit),
    Call("100,000 accounts", "located", 12.0, _located),
    Call("250,000 accounts, 33,124 own areas", "placed", 10.0, _placed_on_own_areas),
    Call("250,000 accounts, ZIPs of the country", "placed", 10.0, _placed_on_zips),
    Call("5,000-row workbook", "read and every row judged", 1.0, _workbook),
    Call("3,136 units, 49 territories", "all measures of a plan", 0.015, _metrics),
    Call("3,136 units, 49 territories", "causes of what is outside", 0.6, _causes),
    Call("1,600 units, 25 territories", "explained, 5 s allowed", 5.0, _explained),
    Call("900 units, 12 territories", "certified, 2 s allowed", 5.0, _certified),
    Call("workbook of 160 MB in 1", "refused", 0.05, lambda: _workbook_bomb(b"<c/>" * 40_000_000)),
    Call("workbook of XML entities", "refused", 1.0, _entities),
    Call("Parquet of one text repeated", "refused", 5.0, _parquet_bomb),
    Call("2,100 cells like numbers", "judged", 5.0, _numbers),
    Call("zipped Shapefile of 300 MB in 1", "refused", 1.0, _zip_bomb),
    Call("GeoJSON nested 200,000 deep", "refused", 2.0, _brackets),
    Call("3,000 areas over each other", "refused", 10.0, _heap),
    Call("formula of unclosed brackets", "refused", 0.5, lambda: _refused(lambda: parse("(" * (MAX_LENGTH - 1) + "1"))),
)


def run(calls: tuple[Call, ...] = CALLS) -> list[Figure]:
    """The figure of each."""
    figures = []
    for one in calls:
        call = one.ready()
        call()
        seconds = []
        for _ in range(TIMES):
            begun = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - begun)
        figures.append(timed(one.case, one.name, [1000 * s for s in seconds], "ms", 1000 * one.mark, by="max"))
    return figures
