"""Own boundaries in a process of their own: the same results, errors in the same words, limits, and an end at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from glob import glob
from pathlib import Path

import pytest
import shapely

from terr.boundaries.layers import library
from terr.boundaries.own import child
from terr.boundaries.own.apart import check, keep, look
from terr.boundaries.own.cleaning import clean
from terr.boundaries.own.finishing import prepare_areas
from terr.boundaries.own.upload import inspect
from terr.errors import InputError, StoppedError
from tests.conftest import ROOT
from tests.helpers.effort import some
from tests.helpers.following import followed
from tests.helpers.geofiles import WRITERS, geojson, geopackage, squares
from tests.helpers.hostile_shapes import feature_collection, round_area

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("home")]  # each step starts a process


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def children() -> str:
    """Processes of ours that work on areas; those of other tests' engines may be there too."""
    mine = " ".join(Path(p).read_text() for p in glob("/proc/self/task/*/children")).split()
    return " ".join(p for p in mine if b"own.child" in Path(f"/proc/{p}/cmdline").read_bytes())


@pytest.mark.parametrize("kind", WRITERS)
def test_it_comes_to_what_it_would_come_to_here(kind):
    frame = squares([*"cabd"])
    frame.loc[3, "geometry"] = shapely.Polygon([(-97.7, 30), (-97.6, 30.1), (-97.6, 30), (-97.7, 30.1)])
    data = WRITERS[kind](frame)
    seen, opened = inspect(data, "my areas"), look(data, "my areas")
    for name in ("filename", "sha256", "columns", "id_column", "name_column", "extent", "count", "layers", "notes"):
        assert getattr(opened.seen, name) == getattr(seen, name)
    assert (opened.seen.crs_label, opened.seen.needs_crs) == (seen.crs_label, seen.needs_crs)
    if kind not in some(WRITERS, 2):  # what was read is the same, so that it goes on the same, whatever the file was
        return
    want, got = clean(seen), check(opened)
    assert (got.count, got.zips, got.findings) == (len(want.frame), want.zips, want.findings)
    made, kept = prepare_areas(want, filled=True), keep(got, "Mine", filled=True)
    layer = library.open_stored(kept.level)
    assert kept.findings == made.findings
    assert layer.areas["unit_id"].tolist() == made.frame["unit_id"].tolist()
    assert shapely.equals(layer.areas.geometry.to_numpy(), made.frame.geometry.to_numpy()).all()


def test_cells_of_all_kinds_and_odd_names_come_over():
    body = json.loads(geojson(squares([*"abcd"])))
    cells = (7, 7.5, True, None)
    for feature, cell in zip(body["features"], cells, strict=True):
        feature["properties"] |= {"mixed": cell, "\ud800": "x\ny", "": "none"}
    data = json.dumps(body).encode()
    seen, opened = inspect(data, "x"), look(data, "x")
    assert opened.seen.columns == seen.columns
    assert check(opened, "mixed").findings == clean(seen, "mixed").findings


def test_another_layer_is_read_when_it_is_asked_for():
    data = geopackage(squares(["a"]), "one", {"two": squares(["b", "c"])})
    assert look(data, "x.gpkg").seen.count == 1
    assert look(data, "x.gpkg", layer="two").seen.count == 2


def test_errors_come_in_their_own_words():
    with pytest.raises(InputError, match=r"x\.geojson isn't valid JSON"):
        look(b'{"type": 1', "x.geojson")
    with pytest.raises(InputError, match='has no column "nope"'):
        check(look(geojson(squares(["a"])), "x.geojson"), "nope")
    assert children() == ""


def test_the_files_between_the_steps_go_with_the_file():
    opened = look(geojson(squares(["a"])), "x.geojson")
    checked = check(opened)
    folder = opened.folder
    assert checked.folder.parent == folder
    del opened, checked
    assert not folder.exists()


@pytest.mark.parametrize("after", [1, 2])
def test_stopping_ends_the_process_and_keeps_nothing(after, home):
    progress, seen = followed(after)
    with pytest.raises(StoppedError, match="nothing was kept"):
        keep(
            check(look(geojson(squares([*"abc"])), "x.geojson", progress=progress), progress=progress), "x", filled=True
        )
    assert seen
    assert children() == ""
    assert library.stored_layers() == ()


def test_what_takes_too_long_or_too_much_is_refused_in_words(tmp_path):
    data = feature_collection([round_area(1_500_000)])
    (tmp_path / "given").write_bytes(data)
    asked = {"filename": "x.geojson", "layer": None, "limits": {}}
    with pytest.raises(InputError, match=r"^x\.geojson takes more than .* minutes; simplify its shapes"):
        child.run("look", tmp_path, asked, "x.geojson", seconds=2)
    (tmp_path / "given").write_bytes(data)
    with pytest.raises(
        InputError, match=r"^x\.geojson can't be worked with within 0\.68 GB of memory; simplify its shapes"
    ):
        child.run("look", tmp_path, asked, "x.geojson", memory=700 << 20)
    assert children() == ""


def test_a_program_that_is_killed_leaves_no_process_behind(tmp_path):
    """The one that works goes with the one that waits."""
    (tmp_path / "areas.geojson").write_bytes(feature_collection([round_area(1_500_000)]))
    code = "import sys; from terr.boundaries.own.apart import look; look(open(sys.argv[1], 'rb').read(), 'x')"
    waits = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "areas.geojson")], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    works: list[str] = []
    while not works:
        assert waits.poll() is None
        time.sleep(0.05)
        works = Path(f"/proc/{waits.pid}/task/{waits.pid}/children").read_text().split()
    waits.send_signal(signal.SIGKILL)
    waits.wait()
    ends = time.monotonic() + 60
    while Path(f"/proc/{works[0]}").exists() and Path(f"/proc/{works[0]}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < ends
        time.sleep(0.05)
