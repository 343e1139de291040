"""Where Terr keeps its data on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_dir

from terr.errors import StoreError


def data_dir() -> Path:
    """The folder for the database and files: TERR_DATA_DIR, or the user's data folder; made for the user alone.

    Raises:
        StoreError: if it can't be made.
    """
    return make_folder(Path(os.environ.get("TERR_DATA_DIR") or user_data_dir("terr", appauthor=False)))


def make_folder(path: Path) -> Path:
    """Make a folder (readable by the user alone) unless it exists.

    Raises:
        StoreError: if it can't be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {path} can't be made ({error.strerror}); set TERR_DATA_DIR to one you may write to"
        ) from error
    return path
