"""Keeps standard output for the report alone: what libraries written in C print goes to standard error."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_OUT, _ERR = 1, 2


@contextmanager
def report_alone() -> Iterator[None]:
    """While it lasts, only `sys.stdout` reaches standard output.

    METIS and HiGHS write to the file descriptor itself, past Python; one line of theirs would spoil the JSON.
    """
    try:
        kept = os.dup(_OUT)
    except OSError:  # started without a standard output: nothing to keep clean
        yield
        return
    before = sys.stdout
    with suppress(AttributeError, OSError, ValueError):  # a test's stand-in isn't the descriptor
        if before.fileno() == _OUT:
            before.flush()
            sys.stdout = os.fdopen(os.dup(kept), "w", encoding=before.encoding, errors=before.errors)
    _aside()
    try:
        yield
    finally:
        try:
            if sys.stdout is not before:
                sys.stdout.close()
        finally:
            sys.stdout = before
            _flush_c()  # what C has buffered belongs aside too
            os.dup2(kept, _OUT)
            os.close(kept)


def _aside() -> None:
    try:
        os.dup2(_ERR, _OUT)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _OUT)
        os.close(nowhere)


def _flush_c() -> None:
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
        library.fflush(None)
