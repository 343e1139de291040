"""The shelf: what is kept comes back the same, and nothing half-written is ever seen."""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from terr.boundaries.layers import layer_files, library
from terr.boundaries.layers.catalog import layer, load_units, pieces
from terr.errors import LocateError, StoreError

ROOT = Path(__file__).resolve().parents[3]
OWN = "own-0123456789ab"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "terr"))
    return tmp_path / "terr" / "boundaries"


def board(side: int = 3, state: str = "") -> gpd.GeoDataFrame:
    boxes = [shapely.box(c, r, c + 1, r + 1) for r in range(side) for c in range(side)]
    ids = [f"{k:05d}" for k in range(len(boxes))]
    labels = [f"{i} Town, TX" for i in ids]
    return gpd.GeoDataFrame({"unit_id": ids, "label": labels, "state": state}, geometry=boxes, crs="EPSG:4326")


def test_what_is_kept_comes_back_the_same(home):
    members = pd.Series({"00000": "00000", "99999": "00004"})
    fills = gpd.GeoSeries([shapely.box(0, 0, 0.5, 0.5)], crs="EPSG:4326")
    done = library.store_layer(
        board(), level=OWN, title="Nine <b>squares</b>", members=members, approximate=True, fills=fills, source="a file"
    )
    found = library.open_stored(OWN)
    assert layer(OWN) is found is library.open_stored(OWN)
    assert (found.level, found.title, found.approximate, found.source) == (OWN, "Nine <b>squares</b>", True, "a file")
    pd.testing.assert_frame_equal(pd.DataFrame(found.areas), pd.DataFrame(done.areas))
    pd.testing.assert_frame_equal(found.edges, done.edges)
    assert found.edges.dtypes.astype(str).tolist() == ["int64", "int64", "float64", "bool"]
    assert found.members.to_dict() == members.to_dict()
    assert found.fills.tolist() == fills.tolist()
    assert found.geometry == done.geometry == home / OWN / found.geometry.name
    assert gzip.decompress(found.geometry.with_suffix(".json.gz").read_bytes()) == found.geometry.read_bytes()
    (one,) = library.stored_layers()
    assert (one.level, one.title, one.count, one.approximate, one.source) == (OWN, found.title, 9, True, "a file")
    assert abs(one.when.timestamp() - time.time()) < 60
    assert library.damaged() == ()
    assert oct(home.stat().st_mode)[-3:] == "700"


def test_names_carry_the_hash_of_their_content(home):
    library.store_layer(board(), level=OWN, title="Nine", members=pd.Series({"00000": "00000"}))
    names = sorted(p.name for p in (home / OWN).iterdir() if p.name != "layer.json")
    assert [n.rsplit("-", 1)[0] for n in names] == ["areas", "edges", "members", OWN, OWN]
    for name in names:
        content = (home / OWN / name).read_bytes()
        content = gzip.decompress(content) if name.endswith(".gz") else content
        assert name.rsplit("-", 1)[1][:10] == hashlib.sha256(content).hexdigest()[:10]


def test_a_new_one_takes_the_place_of_the_old(home):
    first = library.store_layer(board(2), level=OWN, title="Four")
    assert len(load_units(OWN, ["*"])) == 4
    second = library.store_layer(board(3), level=OWN, title="Nine")
    assert first.geometry.name != second.geometry.name
    assert not first.geometry.exists()
    units = load_units(OWN, ["*"])
    assert len(units) == 9
    assert [u.title for u in library.stored_layers()] == ["Nine"]
    assert [p.name for p in home.iterdir()] == [OWN]


def test_units_are_cut_from_a_kept_layer(home):
    frame = board(3, "TX")
    frame.loc[8, "geometry"] = shapely.box(2.2, 2.2, 3, 3)
    library.store_layer(frame, level=OWN, title="Nine")
    units = load_units(OWN, "TX")
    assert units.level == OWN
    assert [len(p) for p in pieces(units)] == [8, 1]
    assert units.bridges in {(("00004", "00008"),), (("00005", "00008"),), (("00007", "00008"),)}
    with pytest.raises(LocateError, match="Nine has no areas in Ohio"):
        load_units(OWN, "OH")


def test_forget(home):
    library.store_layer(board(), level=OWN, title="Nine")
    library.remove_layer(OWN)
    library.remove_layer(OWN)
    assert library.stored_layers() == ()
    assert list(home.iterdir()) == []
    with pytest.raises(LocateError, match="not on this machine"):
        layer(OWN)


@pytest.mark.parametrize(
    "level", ["../x", "own-", "own-0123456789AB", "zip", "county", "", "own-0123456789ab/..", "x" * 999]
)
def test_only_names_of_the_shelf_are_taken(home, level):
    for act in (
        library.remove_layer,
        library.open_stored,
        lambda name: library.store_layer(board(), level=name, title="Nine"),
    ):
        with pytest.raises(LocateError, match="is not a name of boundaries"):
            act(level)
    assert not (home / ".." / "x").exists()


def cut_short(folder: Path) -> None:
    path = next(folder.glob("areas-*"))
    path.write_bytes(path.read_bytes()[:-10])


def one_byte(folder: Path) -> None:
    path = next(folder.glob("edges-*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def said(change):
    def apply(folder: Path) -> None:
        body = json.loads((folder / "layer.json").read_text())
        change(body)
        (folder / "layer.json").write_text(json.dumps(body))

    return apply


BROKEN = {
    "no manifest": (lambda f: (f / "layer.json").unlink(), "not complete"),
    "empty manifest": (lambda f: (f / "layer.json").write_text(""), "not complete"),
    "a list": (lambda f: (f / "layer.json").write_text("[1]"), "not complete"),
    "half a manifest": (lambda f: (f / "layer.json").write_text('{"format": 1, "level"'), "not complete"),
    "another format": (said(lambda b: b.update(format=99)), "another version"),
    "another level": (said(lambda b: b.update(level="zip-2020")), "not complete"),
    "a part is not named": (said(lambda b: b["files"].pop("edges")), "not complete"),
    "a file of elsewhere": (said(lambda b: b["files"].update(areas=["../../x.parquet", 3])), "missing or cut short"),
    "a file is gone": (lambda f: next(f.glob("*.json.gz")).unlink(), "missing or cut short"),
    "a file is cut short": (cut_short, "missing or cut short"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_folder_is_left_out_and_can_be_made_again(home, case):
    spoil, words = BROKEN[case]
    library.store_layer(board(2), level="zip-2020", title="Good")
    library.store_layer(board(), level=OWN, title="Nine")
    spoil(home / OWN)
    assert [k.level for k in library.stored_layers()] == ["zip-2020"]
    (told,) = library.damaged()
    assert words in told
    assert "add them again" in told
    with pytest.raises(LocateError, match=words):
        layer(OWN)
    library.store_layer(board(), level=OWN, title="Nine")
    assert len(layer(OWN)) == 9
    assert library.damaged() == ()


def test_a_changed_byte_is_seen_when_the_layer_is_opened(home):
    library.store_layer(board(), level=OWN, title="Nine")
    one_byte(home / OWN)
    with pytest.raises(LocateError, match=r"edges-.* has changed; remove these boundaries and add them again"):
        layer(OWN)


@pytest.mark.parametrize("written", range(6))
def test_a_full_disk_leaves_what_was_there(home, monkeypatch, written):
    library.store_layer(board(2), level=OWN, title="Four")
    left = [written]
    write = layer_files._write

    def failing(path: Path, data: bytes) -> None:
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        write(path, data)

    monkeypatch.setattr(layer_files, "_write", failing)
    if written < 5:
        with pytest.raises(StoreError, match="No space left on device"):
            library.store_layer(board(3), level=OWN, title="Nine")
    else:
        library.store_layer(board(3), level=OWN, title="Nine")
    assert len(layer(OWN)) == (4 if written < 5 else 9)
    assert [p.name for p in home.iterdir()] == [OWN]


def test_a_folder_that_stepped_aside_comes_back(home):
    library.store_layer(board(2), level=OWN, title="Four")
    (home / OWN).rename(home / f".old-{OWN}")
    assert [k.title for k in library.stored_layers()] == ["Four"]
    (home / OWN).rename(home / f".old-{OWN}")
    assert len(library.open_stored(OWN)) == 4
    assert [p.name for p in home.iterdir()] == [OWN]


def test_what_was_never_finished_is_swept_away_when_it_is_old(home):
    library.store_layer(board(2), level=OWN, title="Four")
    for name, age in ((".new-a", 7200), (".new-b", 10)):
        (home / name).mkdir()
        (home / name / "areas").write_text("half")
        for path in (home / name / "areas", home / name):
            os.utime(path, (time.time() - age, time.time() - age))
    library.store_layer(board(2), level=OWN, title="Four")
    assert sorted(p.name for p in home.iterdir()) == [".new-b", OWN]
    assert len(library.stored_layers()) == 1


LOOP = """
import sys
import geopandas as gpd
import shapely
from terr.boundaries.layers import library
def board(side):
    boxes = [shapely.box(c, r, c + 1, r + 1) for r in range(side) for c in range(side)]
    ids = [f"{k:05d}" for k in range(len(boxes))]
    return gpd.GeoDataFrame({"unit_id": ids, "label": ids, "state": ""}, geometry=boxes, crs="EPSG:4326")
boards = {side: board(side) for side in (20, 30)}
while True:
    for side, frame in boards.items():
        library.store_layer(frame, level="own-0123456789ab", title=str(side))
        print(side, flush=True)
"""


@pytest.mark.slow
def test_killed_in_the_middle_the_old_or_the_new_is_there(home):
    pick = np.random.default_rng(4)
    for _ in range(4):
        work = subprocess.Popen([sys.executable, "-c", LOOP], cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ))
        assert work.stdout is not None
        work.stdout.readline()
        time.sleep(pick.uniform(0.0, 0.2))
        work.send_signal(signal.SIGKILL)
        work.wait()
        work.stdout.close()
        (one,) = library.stored_layers()
        found = library.open_stored(OWN)
        assert len(found) == one.count == int(one.title) ** 2
        assert library.damaged() == ()
        assert json.loads(found.geometry.read_bytes())["units"]["id"] == found.areas["unit_id"].tolist()


def test_a_folder_that_cannot_be_written_is_named(home, monkeypatch):
    def refused(**_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(layer_files.tempfile, "mkdtemp", refused)
    with pytest.raises(StoreError, match="Permission denied"):
        library.store_layer(board(), level=OWN, title="Nine")
    assert library.stored_layers() == ()


def test_zip3_areas_are_joined_from_kept_zips(home):
    frame = board(4, "TX")
    frame["unit_id"] = [f"{700 + k // 8}{k:02d}" for k in range(16)]
    frame["label"] = [f"{z} {'Dallas' if k in (1, 9) else 'Plano'}, TX" for k, z in enumerate(frame["unit_id"])]
    members = pd.Series({**{z: z for z in frame["unit_id"]}, "70099": "70108", "99999": "70000"})
    whole = library.store_layer(frame, level="zip-2020", title="ZIPs", members=members, source="Census")
    done = library.store_zip3(whole, title="ZIP3s", people={"Plano, TX": 5, "Dallas, TX": 9})
    assert done.level == "zip3-2020"
    assert done.areas["unit_id"].tolist() == ["700", "701"]
    # Dallas is larger, but named by one ZIP in eight.
    assert done.areas["label"].tolist() == ["700 Plano, TX", "701 Plano, TX"]
    assert shapely.area(done.areas.geometry.to_numpy()) == pytest.approx(8.0)
    assert done.edges[["i", "j"]].to_numpy().tolist() == [[0, 1]]
    assert done.members[["70000", "70108", "70099", "99999"]].tolist() == ["700", "701", "700", "700"]
    assert done.areas["area_km2"].sum() == pytest.approx(whole.areas["area_km2"].sum(), rel=1e-6)
    assert {k.level for k in library.stored_layers()} == {"zip-2020", "zip3-2020"}


def test_looking_at_an_empty_shelf_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path))
    assert library.stored_layers() == () == library.damaged()
    assert list(tmp_path.iterdir()) == []
