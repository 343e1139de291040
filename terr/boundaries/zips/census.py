"""The Census Bureau's file of ZIP areas, fetched once when a person asks for it. Nothing else in Terr goes online."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import shutil
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terr.errors import InputError, StoppedError, StoreError, TerrError
from terr.folders import data_dir, make_folder
from terr.model.json_values import parse, read, to_text
from terr.model.progress import UNWATCHED, Progress

BASE_URL = "https://www2.census.gov/geo/tiger/GENZ2020/shp/"
FILE = "cb_2020_us_zcta520_500k.zip"
"""The newest there is: later years have no cartographic file of ZIP areas."""
ADDRESS = "TERR_CENSUS_URL"
"""Environment variable that names another folder to fetch from, e.g. a mirror within a company."""

_CHUNK = 1 << 16
_MOST = 400 * 2**20
_LEAST_FREE = 400 * 2**20
"""Room for the file and for the layer made of it, in bytes."""
_LATER = "what has arrived is kept, so press Download again to go on from there"


class DownloadError(TerrError, ConnectionError):
    """The file couldn't be fetched; what is on this machine stays as it was."""


@dataclass(frozen=True)
class _Begun:
    """What is known about a file of which a part has arrived.

    Attributes:
        url: where it is from.
        total: its bytes.
        mark: the server's mark of this very version: a strong ETag or its date; "" = it can't be resumed.
    """

    url: str
    total: int
    mark: str


def download_dir() -> Path:
    """Where the file is kept.

    Raises:
        StoreError: if it can't be made.
    """
    return make_folder(data_dir() / "boundaries" / "download")


def fetched() -> Path | None:
    """The whole file, if it is here."""
    path = download_dir() / FILE
    return path if path.is_file() else None


def arrived() -> tuple[int, int]:
    """Bytes of an unfinished download that are here, and bytes of the whole; (0, 0) if none was begun."""
    part, begun = download_dir() / f"{FILE}.part", _begun(download_dir() / f"{FILE}.part.json")
    return (part.stat().st_size, begun.total) if begun is not None and part.is_file() else (0, 0)


def remove() -> None:
    """Delete the file and what is there of an unfinished one."""
    for path in download_dir().glob(f"{FILE}*"):
        path.unlink(missing_ok=True)


def download(
    check: Callable[[Path], None],
    *,
    folder: Path | None = None,
    base: str | None = None,
    timeout_s: float = 30.0,
    progress: Progress = UNWATCHED,
) -> Path:
    """Fetch the file, going on where an earlier try ended.

    Args:
        check: is given the file that has arrived, and raises InputError if it isn't the right one, which alone gets
            its name.
        folder: where it goes; by default `download_dir()`.
        base: the folder on the web; by default the one TERR_CENSUS_URL names, else the Census Bureau's.
        timeout_s: seconds without an answer after which the connection counts as lost.
        progress: told how far it is.

    Returns:
        The file.

    Raises:
        DownloadError: no network, a refused or broken connection, an answer that isn't the file.
        InputError: what `check` says.
        StoreError: no room, or the folder can't be written.
        StoppedError: if the person stopped it; what has arrived is kept.
    """
    folder = download_dir() if folder is None else make_folder(folder)
    whole, part, about = folder / FILE, folder / f"{FILE}.part", folder / f"{FILE}.part.json"
    url = urllib.parse.urljoin((base or os.environ.get(ADDRESS) or BASE_URL).rstrip("/") + "/", FILE)
    host = _host(url)
    progress.tell(0.0, f"Asking {host}")
    if shutil.disk_usage(folder).free < _LEAST_FREE:
        raise StoreError(f"there is too little room in {folder}: about {_LEAST_FREE // 2**20} MB are needed; free some")
    try:
        _fetch(url, part, about, timeout_s, progress)
        progress.tell(1.0, "Checking what has arrived")
        try:
            check(part)
        except InputError:
            part.unlink(missing_ok=True)  # trying again begins anew
            about.unlink(missing_ok=True)
            raise
        part.replace(whole)
        about.unlink(missing_ok=True)
    except StoppedError as error:
        raise StoppedError("stopped; what has arrived is kept, and the download goes on from there") from error
    except TerrError:
        raise
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(_status(host, error.code)) from error
    except (OSError, http.client.HTTPException) as error:
        raise _told(host, folder, error) from error
    return whole


def _fetch(url: str, part: Path, about: Path, timeout_s: float, progress: Progress) -> None:
    """Write the file to `part`."""
    begun = _begun(about)
    have = part.stat().st_size if part.is_file() else 0
    if begun is None or begun.url != url or not begun.mark or not 0 < have <= begun.total:
        begun, have = None, 0
    if begun is not None and have == begun.total:
        return
    answer = _open(url, begun, have, timeout_s)
    if answer is None:  # the server no longer has the version of which a part is here
        begun, have = None, 0
        answer = _open(url, None, 0, timeout_s)
    if answer is None:
        raise DownloadError(_status(_host(url), 416))
    with answer:
        if answer.status == 206 and begun is not None:
            if _range(answer.headers.get("Content-Range", "")) != (have, begun.total):
                part.unlink(missing_ok=True)
                raise DownloadError(f"{_host(url)} sent another piece of the file than was asked for; try again")
        else:
            have = 0
            begun = _Begun(url, _length(answer), _mark(answer))
        if begun.total > _MOST:
            raise DownloadError(
                f"{_host(url)} offers a file of {begun.total / 2**20:,.0f} MB, far more than the ZIP areas have; it is "
                "not the right one and was not fetched"
            )
        about.write_text(to_text(begun, "the download"), encoding="utf-8")
        with part.open("ab" if have else "wb") as file:
            _copy(answer, file, have, begun.total, url, progress)
            file.flush()
            with contextlib.suppress(OSError):
                os.fsync(file.fileno())


def _copy(answer: Any, file: Any, have: int, total: int, url: str, progress: Progress) -> None:
    first = have == 0
    while True:
        size = f"{have / 2**20:,.1f} of {total / 2**20:,.1f} MB" if total else f"{have / 2**20:,.1f} MB"
        progress.tell(have / total if total else 0.0, f"Downloading: {size}")
        try:
            chunk = answer.read(_CHUNK)
        except (http.client.IncompleteRead, ConnectionError, TimeoutError, ssl.SSLError) as error:
            file.flush()
            raise DownloadError(f"the connection to {_host(url)} broke after {size}; {_LATER}") from error
        if not chunk:
            break
        if first and not chunk.startswith(b"PK"):
            raise DownloadError(_not_a_zip(_host(url), chunk))
        first = False
        file.write(chunk)
        have += len(chunk)
        if have > _MOST or (total and have > total):
            raise DownloadError(f"{_host(url)} sends more than the file has; try again later")
    if have == 0:
        raise DownloadError(f"{_host(url)} sent an empty file; try again later")
    if total and have < total:
        raise DownloadError(f"the connection to {_host(url)} broke after {size}; {_LATER}")


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only within the host that was asked, and never from a secure address to another."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if (new.scheme, new.hostname, new.port) != (old.scheme, old.hostname, old.port):
            fp.close()
            raise DownloadError(
                f"{old.hostname} sends the request on to {(new.hostname or new.scheme)[:80]}, which was not followed. "
                "A sign-in page of your network may stand in between: open any web page first, then try again"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, begun: _Begun | None, have: int, timeout_s: float) -> Any:
    """The answer; None if there is no such range any more."""
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise DownloadError(f"{ADDRESS} must name a web address (https://...)")
    request = urllib.request.Request(url, headers={"User-Agent": "Terr", "Accept-Encoding": "identity"})  # noqa: S310
    if begun is not None:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", begun.mark)
    try:
        return urllib.request.build_opener(_SameHost).open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if error.code == 416 and begun is not None:
            error.close()
            return None
        raise


def _begun(about: Path) -> _Begun | None:
    try:
        return read(_Begun, parse(about.read_bytes(), "the download"), "the download")
    except (OSError, InputError):
        return None


def _length(answer: Any) -> int:
    text = answer.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else 0


def _mark(answer: Any) -> str:
    tag = str(answer.headers.get("ETag", ""))
    if tag and not tag.startswith("W/"):
        return tag
    return str(answer.headers.get("Last-Modified", ""))


def _range(text: str) -> tuple[int, int]:
    """First byte and total of "bytes 100-199/200"; (-1, -1) if it is something else."""
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    first = span.partition("-")[0]
    return (int(first), int(total)) if unit == "bytes" and first.isdigit() and total.isdigit() else (-1, -1)


def _host(url: str) -> str:
    return (urllib.parse.urlsplit(url).hostname or "the server")[:80]


def _status(host: str, code: int) -> str:
    if 300 <= code < 400:
        return f"{host} sends the request on to an address that was not followed (answer {code}); try again later"
    if code in {404, 410}:
        return f"{host} doesn't have the file any more (answer {code}); look for a newer version of Terr"
    if code in {401, 403, 407}:
        return f"{host} or your network refuses the file (answer {code}); ask your network administrator"
    if code == 429 or code >= 500:
        return f"{host} has trouble at the moment (answer {code}); try again later"
    return f"{host} answered {code} instead of the file; try again later"


def _not_a_zip(host: str, start: bytes) -> str:
    if b"<html" in start[:2000].lower() or b"<!doctype" in start[:2000].lower():
        return (
            f"{host} answered with a web page instead of the file. A sign-in page of your network may stand in "
            "between: open any web page first, then try again"
        )
    return f"{host} sent something that isn't the file; try again later"


def _told(host: str, folder: Path, error: Exception) -> TerrError:
    """An error of the network or the disk in words."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, socket.gaierror):
        return DownloadError(f"{host} can't be found: this machine seems to be offline. Connect it, then try again")
    if isinstance(cause, ssl.SSLError):
        return DownloadError(f"the connection to {host} isn't secure ({cause.reason or 'TLS'}), so nothing was fetched")
    if isinstance(cause, TimeoutError):
        return DownloadError(f"{host} doesn't answer; check the network and try again")
    if isinstance(cause, ConnectionError | http.client.HTTPException):
        return DownloadError(f"{host} refuses or breaks the connection; check the network, then try again")
    if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return StoreError(f"the disk that holds {folder} is full; free some room, then try again")
    if isinstance(cause, OSError) and cause.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}:
        return DownloadError(f"{host} can't be reached: this machine seems to be offline. Connect it, then try again")
    if isinstance(cause, OSError) and cause.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StoreError(f"{folder} can't be written ({cause.strerror}); check its permissions")
    return DownloadError(f"the file couldn't be fetched from {host} ({cause}); try again")
