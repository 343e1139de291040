"""Accounts of one parent, which a design of books can keep together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.matching.families import tree
from terr.model.accounts import Accounts


def has_families(accounts: Accounts) -> bool:
    """Whether a column names parents of accounts."""
    return bool(tree(accounts).column)


def family_roots(accounts: Accounts, asked: str = "keeping families together") -> NDArray[np.int64]:
    """int64 (n_accounts,), the topmost parent's position; -1 for accounts without a family.

    Args:
        accounts: n_accounts of them.
        asked: what needs the column, for the message.

    Raises:
        InputError: if no column names parents.
    """
    found = tree(accounts)
    if not found.column:
        raise InputError(
            f"{asked} needs a column that names each account's parent, and the file has none; name it "
            '"Parent Account ID", or leave it out'
        )
    root = np.where(found.parent >= 0, found.parent, np.arange(len(accounts)))
    while (found.parent[root] >= 0).any():
        root = np.where(found.parent[root] >= 0, found.parent[root], root)
    many = np.bincount(root, minlength=len(accounts)) > 1
    return np.where(many[root], root, -1).astype(np.int64)
