"""The Census file: fetched, resumed, refused; from a server that misbehaves in every way; and made into layers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from terr.boundaries.layers import catalog, library
from terr.boundaries.layers.catalog import areas, load_units, pieces
from terr.boundaries.own.apart import install_exact
from terr.boundaries.own.upload import inspect
from terr.boundaries.zips import census, zcta
from terr.boundaries.zips.census import DownloadError
from terr.errors import InputError, StoppedError, StoreError
from terr.model.progress import Progress
from tests.helpers.following import followed
from tests.helpers.geofiles import CENSUS, CENSUS_ROWS, census_of_delaware, census_parts, squares, zipped
from tests.helpers.misbehaving import Server, answers, breaks_after, serving, stalls

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch, no_proxy):
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "terr"))
    return tmp_path / "terr" / "boundaries" / "download"


@pytest.fixture(scope="module")
def content() -> bytes:
    return zipped(census_parts(census_of_delaware()))


def get(server: Server, **options: object) -> Path:
    zcta.fetch(_check, base=server.base, **options)  # type: ignore[arg-type]
    return census.download_dir() / census.FILE


def _check(path: Path) -> None:
    zcta.verified(inspect(path.read_bytes(), census.FILE), CENSUS_ROWS)


def parts(home: Path) -> list[str]:
    return sorted(p.name for p in home.iterdir())


# --- fetching ---


def test_the_file_arrives_whole_and_progress_is_told(content, home):
    progress, seen = followed()
    with serving(content) as server:
        path = get(server, progress=progress)
    assert path.read_bytes() == content
    assert parts(home) == [census.FILE]
    assert server.asked == [(f"/geo/{census.FILE}", "", "")]
    shares = [now.fraction for now in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any("MB" in now.stage for now in seen)
    assert census.fetched() == path


def test_nothing_is_asked_unless_it_is_called():
    """The address is known to one module, and importing the whole app opens no connection."""
    named = [p for p in (ROOT / "terr").rglob("*.py") if "census.gov" in p.read_text(encoding="utf-8")]
    assert {p.name for p in named} == {"census.py", "boundary_library.py"}
    code = (
        "import sys\n"
        "def no(event, args):\n"
        "    if event in {'socket.connect', 'socket.getaddrinfo'}: raise SystemExit(event)\n"
        "sys.addaudithook(no)\n"
        "import terr.ui.settings.boundary_library, terr.ui.settings.own_boundaries, terr.boundaries.zips.zcta\n"
        "from terr.workspace import Workspace, boundary_library\n"
        "ws = Workspace(); boundary_library.at_hand(ws); boundary_library.census_arrived()\n"
        "boundary_library.has_census(ws)\n"
        "print('quiet')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "quiet\n", done.stderr[-600:]


def test_a_broken_connection_is_said_and_the_next_try_goes_on(content, home):
    with serving(content, act=breaks_after(0.4)) as server:
        with pytest.raises(DownloadError, match=r"broke after .* what has arrived is kept"):
            get(server)
        have, total = census.arrived()
        assert (have, total) == (int(len(content) * 0.4), len(content))
        assert census.fetched() is None
        assert get(server).read_bytes() == content
    assert server.asked[1] == (f"/geo/{census.FILE}", f"bytes={have}-", server.mark)
    assert census.arrived() == (0, 0)


def test_a_connection_that_breaks_again_and_again_still_ends(content):
    with serving(content, act=breaks_after(0.5, times=4)) as server:
        for _ in range(4):
            assert "broke after" in refusal_of(server)
        assert get(server).read_bytes() == content
    assert len(server.asked) == 5


def refusal_of(server: Server, **options: object) -> str:
    try:
        get(server, **options)
    except (DownloadError, InputError, StoreError) as error:
        return str(error)
    return ""


def test_another_version_on_the_server_begins_anew(content):
    with serving(content, act=breaks_after(0.4)) as server:
        assert "broke" in refusal_of(server)
        server.content = zipped(census_parts(census_of_delaware().iloc[:-1]))
        assert get(server).read_bytes() == server.content
    assert server.asked[1][1].startswith("bytes=")


def test_a_server_that_knows_no_ranges_begins_anew(content):
    with serving(content, act=breaks_after(0.4), ranges=False) as server:
        assert "broke" in refusal_of(server)
        assert get(server).read_bytes() == content


def test_a_server_without_a_mark_begins_anew(content):
    with serving(content, act=breaks_after(0.4), etag='W/"weak"') as server:
        assert "broke" in refusal_of(server)
        assert get(server).read_bytes() == content
    assert server.asked[1][1:] == ("", "")


def test_a_range_that_is_gone_begins_anew(content):
    with serving(content, act=breaks_after(0.4)) as server:
        assert "broke" in refusal_of(server)
        server.act = lambda handler, _: bool(handler.headers.get("Range")) and answers(416)(handler, server)
        assert get(server).read_bytes() == content
    assert [bool(r) for _, r, _ in server.asked] == [False, True, False]


def test_another_piece_than_was_asked_for_is_refused(content):
    with serving(content, act=breaks_after(0.4)) as server:
        assert "broke" in refusal_of(server)
        server.act = answers(206, content[:100], Content_Range=f"bytes 0-99/{len(content)}")  # type: ignore[assignment]
        assert "another piece" in refusal_of(server)
        server.act = lambda *_: False
        assert get(server).read_bytes() == content


def test_a_part_that_is_already_whole_is_only_checked(content, home):
    with serving(content, act=breaks_after(0.4)) as server:
        assert "broke" in refusal_of(server)
        (home / f"{census.FILE}.part").write_bytes(content)
        assert get(server).read_bytes() == content
    assert len(server.asked) == 1


@pytest.mark.parametrize("about", ["", "{", "[]", '{"url": 1}', '{"url": "x", "total": "y", "mark": ""}'])
def test_a_damaged_note_beside_the_part_begins_anew(content, home, about):
    home.mkdir(parents=True)
    (home / f"{census.FILE}.part").write_bytes(b"junk")
    (home / f"{census.FILE}.part.json").write_text(about)
    with serving(content) as server:
        assert get(server).read_bytes() == content


def test_it_can_be_stopped_and_goes_on_later(content):
    calls = [0]

    def enough() -> bool:
        calls[0] += 1
        return calls[0] > 2

    big = zipped({**census_parts(census_of_delaware()), "notes.txt": os.urandom(600_000)})
    with serving(big) as server:
        with pytest.raises(StoppedError, match="what has arrived is kept"):
            get(server, progress=Progress(cancel=enough))
        have, total = census.arrived()
        assert 0 < have < total == len(big)
        assert get(server).read_bytes() == big
    assert server.asked[1][1] == f"bytes={have}-"


# --- answers that aren't the file ---

PAGE = b"<!DOCTYPE html><html><body>Please sign in to GuestWiFi</body></html>"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (answers(404), "doesn't have the file any more"),
        (answers(410), "doesn't have the file any more"),
        (answers(403), "refuses the file"),
        (answers(407), "refuses the file"),
        (answers(429), "trouble"),
        (answers(500), "trouble"),
        (answers(503), "trouble"),
        (answers(418), "answered 418"),
        (answers(302, Location="http://login.example.net/portal"), "login.example.net, which was not followed"),
        (answers(302, Location="https://127.0.0.1/x"), "was not followed"),
        (answers(301, Location="file:///etc/passwd"), "was not followed"),
        (answers(200, PAGE), "web page instead"),
        (answers(200, b""), "empty file"),
        (answers(200, b"hello"), "isn't the file"),
        (answers(200, b"PK\x05\x06" + bytes(18)), "isn't the Census Bureau's.*empty or broken zip"),
        (answers(200, b"PK\x03\x04" + bytes(500)), "isn't the Census Bureau's.*broken zip"),
        (answers(200, zipped({"readme.txt": b"hi"})), "isn't the Census Bureau's.*no Shapefile"),
        (answers(200, b"PK", Content_Length=str(600 << 20)), "far more than the ZIP areas have"),
    ],
)
def test_what_isnt_the_file_is_said_and_not_kept(content, home, act, words):
    with serving(content, act=act) as server:
        with pytest.raises((DownloadError, InputError), match=words):
            get(server)
        assert census.fetched() is None
        server.act = lambda *_: False
        assert get(server).read_bytes() == content, "and the next try is not spoiled by it"


@pytest.mark.parametrize(
    ("frame", "column", "words"),
    [
        (census_of_delaware(), "ZCTA5CE10", "another year"),
        (census_of_delaware().iloc[:10], "ZCTA5CE20", "10 areas, not 20 to 199"),
        (census_of_delaware().assign(id="19901"), "ZCTA5CE20", "one ZIP per row"),
        (
            census_of_delaware().assign(id=[f"x{i}" for i in range(len(census_of_delaware()))]),
            "ZCTA5CE20",
            "one ZIP per row",
        ),
        (squares([f"{i:05d}" for i in range(30)]), "GEOID20", "no column of ZIPs"),
    ],
)
def test_another_file_of_the_bureau_is_refused(home, frame, column, words):
    files = census_parts(frame, column) if column.startswith("ZCTA") else census_parts(frame, "NAME20")
    with serving(zipped(files)) as server, pytest.raises(InputError, match=words):
        get(server)
    assert parts(home) == []


def test_a_half_delivered_zip_without_a_length_is_seen(content, home):
    def act(handler, server):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(server.content[: len(server.content) // 2])
        return True

    with serving(content, act=act) as server:
        with pytest.raises(InputError, match="only half of one"):
            get(server)
        assert parts(home) == []


def test_no_network_is_said(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for base, words in (
        (f"http://127.0.0.1:{port}/", "refuses or breaks the connection"),
        ("http://no-such-host.invalid/", "can't be found: this machine seems to be offline"),
        ("ftp://127.0.0.1/", "must name a web address"),
        ("file:///etc/", "must name a web address"),
    ):
        monkeypatch.setenv(census.ADDRESS, base)
        with pytest.raises(DownloadError, match=words):
            census.download(_check, timeout_s=2)


def test_a_server_that_says_nothing_is_given_up(content):
    with serving(content, act=stalls(3)) as server:
        assert "doesn't answer" in refusal_of(server, timeout_s=0.3)
        server.act = stalls(3, after=1000)  # type: ignore[assignment]
        assert "broke after" in refusal_of(server, timeout_s=0.3)
        server.act = lambda *_: False
        assert get(server).read_bytes() == content


def test_a_connection_cut_before_an_answer(content):
    def act(handler, _server):
        handler.connection.shutdown(socket.SHUT_RDWR)
        return True

    with serving(content, act=act) as server:
        assert "refuses or breaks the connection" in refusal_of(server)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_is_said(content, home):
    home.mkdir(parents=True)
    (home / f"{census.FILE}.part").symlink_to("/dev/full")
    with serving(content) as server, pytest.raises(StoreError, match="is full"):
        get(server)


def test_too_little_room_is_said_before_anything_is_asked(content, monkeypatch):
    monkeypatch.setattr(census, "_LEAST_FREE", 1 << 60)
    with serving(content) as server, pytest.raises(StoreError, match="too little room"):
        get(server)
    assert server.asked == []


def test_the_real_address_is_a_secure_one():
    assert census.BASE_URL.startswith("https://www2.census.gov/")
    assert f"{CENSUS}.zip" == census.FILE


# --- layers ---


def test_the_file_becomes_two_layers(content):
    with serving(content) as server:
        made = install_exact(base=server.base, rows=CENSUS_ROWS)
        assert len(server.asked) == 1
        again = install_exact(base=server.base, rows=CENSUS_ROWS)
        assert len(server.asked) == 1, "the file is here already"
    assert again.count == made.count
    layer = catalog.layer(zcta.LEVEL)
    assert len(layer) == made.count
    assert (layer.level, layer.approximate) == ("zip-2020", False)
    assert set(layer.areas["state"]) == {"DE"}
    assert "00601" not in layer.areas["unit_id"].tolist()
    assert next(f for f in made.findings if f.code == "outside").examples == ("00601",)
    assert layer.members is not None
    assert layer.members["19901"] in set(layer.areas["unit_id"]), "a ZIP without an area belongs to the one around"
    assert len(layer.fills) > 0
    assert {k.level for k in library.stored_layers()} == {"zip-2020", "zip3-2020"}
    assert set(catalog.layer(zcta.LEVEL3).areas["unit_id"]) == {u[:3] for u in layer.areas["unit_id"]}
    units = load_units("zip-2020", "DE")
    assert len(units) == len(layer)
    land = shapely.union_all(np.asarray(areas("county").query("state == 'DE'").geometry, dtype=object))
    covered = shapely.union_all(np.asarray(layer.areas.geometry, dtype=object))
    assert shapely.area(shapely.difference(land, covered)) < 0.002 * shapely.area(land)
    assert len(pieces(units)) <= shapely.get_num_geometries(land)


def test_a_damaged_file_that_is_here_is_fetched_again(content, home):
    home.mkdir(parents=True)
    (home / census.FILE).write_bytes(content[:5000])
    with serving(content) as server:
        install_exact(base=server.base, rows=CENSUS_ROWS)
        assert len(server.asked) == 1
    assert (home / census.FILE).read_bytes() == content


def test_stopping_while_it_is_made_keeps_neither_layer_nor_loses_the_file(content, home):
    with serving(content) as server:
        with pytest.raises(StoppedError):
            install_exact(base=server.base, rows=CENSUS_ROWS, progress=followed(at="Looking for gaps")[0])
        assert library.stored_layers() == ()
        assert parts(home) == [census.FILE]


def test_once_the_zips_are_kept_what_belongs_to_them_is_as_well(content, home):
    progress, seen = followed(at="writing the files")
    with serving(content) as server:
        install_exact(base=server.base, rows=CENSUS_ROWS, progress=progress)
    assert {layer.level for layer in library.stored_layers()} == {zcta.LEVEL, zcta.LEVEL3}
    assert seen[-1].fraction == 1.0
