"""What every kind of kept definition has: it says what it reads, what it makes, and makes it.

Definitions are dataclasses of plain values, kept as the JSON of their fields and their kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.scoring import columns

Floats = NDArray[np.float64]
LONGEST_NAME = 80


@dataclass(frozen=True, eq=False)
class ScoreInputs:
    """What a definition is worked out on.

    Attributes:
        accounts: with what earlier definitions made.
        base: the accounts before any definition.
        reps: the roster.
        progress: told how far it is.
    """

    accounts: Accounts
    base: Accounts
    reps: tuple[Rep, ...] = ()
    progress: Progress = UNWATCHED


@dataclass(frozen=True, eq=False)
class ScoreResult:
    """What a definition made.

    Attributes:
        values: new measure -> float64 (n_accounts,), NaN = unknown.
        currency: new measure -> ISO code, for money.
        texts: new attribute -> object (n_accounts,) of texts.
        notes: what was taken for granted or left out, in sentences.
        detail: the full result of `terr.scoring`, for a page that explains it.
        off: why there is no figure worth using although it could be worked out, "" if there is one.
    """

    values: Mapping[str, Floats] = field(default_factory=dict)
    currency: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, NDArray[np.object_]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    detail: Any = None
    off: str = ""


class Definition(Protocol):
    """What every kind has. `kind` names it in JSON, `rank` is its place in the suggested order."""

    kind: ClassVar[str]
    rank: ClassVar[int]

    @property
    def name(self) -> str:
        """How people call it; its measure or attribute has that name too."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs, as it names them."""

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns; raises InputError if that can't be done."""


def checked_name(name: str, what: str) -> None:
    """Refuse a name that can't be a column's.

    Raises:
        InputError: if it is empty, too long, or holds signs that can't be shown.
    """
    if not name.strip() or name != name.strip():
        raise InputError(f"{what} needs a name, without blanks around it")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"the name of {what} may have up to {LONGEST_NAME} letters and no line breaks")
    if not columns.normalized_header(name):
        raise InputError(f"the name of {what} needs a letter or a digit")
