"""Email addresses, by which people are known where there is a sign-in."""

from __future__ import annotations

import re

from terr.errors import InputError

_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,62}\.)*[a-z0-9-]{1,63}")


def clean_address(text: str) -> str:
    """An address in small letters. Other letters than a to z are refused: some look alike, or become alike.

    Raises:
        InputError: if it isn't an address.
    """
    address = text.strip()
    if not address.isascii() or len(address) > 200 or not _ADDRESS.fullmatch(address.lower()):
        raise InputError("this is not an email address; type one such as ana@example.com")
    return address.lower()
