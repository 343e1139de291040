"""Writing a file so that a crash leaves the old one or the new one, never half."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_file(path: Path, content: bytes, *, prefix: str, mode: int | None = None) -> None:
    """Write beside, flush to disk, then rename over.

    Args:
        path: the file; its folder exists.
        content: the bytes.
        prefix: of the temporary name beside it.
        mode: permissions of the new file; None = only its owner may read and write.

    Raises:
        OSError: if it can't be written; what was there stays, and nothing is left beside it.
    """
    handle, name = tempfile.mkstemp(prefix=prefix, dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
