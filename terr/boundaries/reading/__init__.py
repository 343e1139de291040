"""Files of boundaries as they stand: told apart by their first bytes, each read by a reader that does only that."""

from __future__ import annotations

from terr.boundaries.reading import flatgeobuf, geopackage, geoparquet, kml, shapefile
from terr.boundaries.reading.flatgeobuf import read_flatgeobuf
from terr.boundaries.reading.geojson import read_geojson
from terr.boundaries.reading.geopackage import read_geopackage
from terr.boundaries.reading.geoparquet import read_geoparquet
from terr.boundaries.reading.kml import read_kml, read_kmz
from terr.boundaries.reading.raw import LIMITS, BoundaryFileLimits, RawAreas
from terr.boundaries.reading.shapefile import read_shapefile
from terr.boundaries.reading.zipped import holds_kml
from terr.errors import InputError

__all__ = ["LIMITS", "BoundaryFileLimits", "RawAreas", "read"]

KINDS = "GeoJSON, TopoJSON, a zipped Shapefile, GeoPackage, GeoParquet, FlatGeobuf, KML or KMZ"


def read(data: bytes, filename: str, *, layer: str | None = None, limits: BoundaryFileLimits = LIMITS) -> RawAreas:
    """One layer of a file of boundaries. The name counts for nothing but messages.

    Raises:
        InputError: if the file can't be used, saying why.
    """
    name = (
        "".join(c if c.isprintable() else " " for c in filename.replace("\\", "/").rpartition("/")[2])[:120]
        or "the file"
    )
    if len(data) > limits.bytes:
        raise InputError(f"{name} has {len(data) / 2**20:,.0f} MB; {limits.bytes / 2**20:,.0f} MB are the most")
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not data.strip():
        raise InputError(f"{name} is empty; export it again")
    if data.startswith(b"PK\x03\x04"):
        return (read_kmz if holds_kml(data) else read_shapefile)(data, name, limits, layer)
    if data.startswith(flatgeobuf.MAGIC):
        return read_flatgeobuf(data, name, limits)
    if data.startswith(geopackage.MAGIC):
        return read_geopackage(data, name, limits, layer)
    if data.startswith(geoparquet.MAGIC) and data.endswith(geoparquet.MAGIC):
        return read_geoparquet(data, name, limits)
    if start.startswith((b"{", b"\x1e")) or (start[:1] == b"[" and start[1:].lstrip()[:1] == b"{"):
        return read_geojson(data, name, limits, layer)
    if start.startswith(b"<") and kml.is_kml(start):
        return read_kml(data, name, limits)
    if data.startswith(shapefile.MAGIC):
        raise InputError(
            f"{name} is one of several files of a Shapefile; zip .shp, .dbf and .prj together, upload the zip"
        )
    if data.startswith(geoparquet.MAGIC):
        raise InputError(f"{name} is cut short; it may be only half of a download; download it again")
    if data.startswith(b"PK"):
        raise InputError(f"{name} is an empty or broken zip; zip the Shapefile again")
    what = "is XML but not KML" if start.startswith(b"<") else "isn't a file of areas that can be read here"
    raise InputError(f"{name} {what}; save the areas as {KINDS}")
