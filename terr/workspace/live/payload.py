"""What a browser may say, as types. What doesn't fit them isn't as our own script makes it, and is passed over."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

LONGEST = 64
"""Characters of a name."""
_MOST_UNITS = 100_000
_RANGE, _RUN = r"[0-9]{1,7}(?:-[0-9]{1,7})?", r"-?[0-9]{1,5}\*[0-9]{1,7}"

Whole = Annotated[int, Meta(gt=-(2**31), lt=2**31)]
Name = Annotated[str, Meta(max_length=LONGEST, pattern=r"^[ -~]*\Z")]
Numbers = Annotated[list[Whole], Meta(max_length=_MOST_UNITS)]


class Ranges(Struct, frozen=True):
    """Many unit codes: "3-5,9" for 3, 4, 5 and 9."""

    short: Annotated[str, Meta(max_length=1_000_000, pattern=rf"^{_RANGE}(?:,{_RANGE})*\Z")]


class Runs(Struct, frozen=True):
    """Many territory codes, one per unit: "4*120,-1*3" for 120 times 4 and three times none."""

    short: Annotated[str, Meta(max_length=1_000_000, pattern=rf"^{_RUN}(?:,{_RUN})*\Z")]


Units = Numbers | Ranges
Codes = Numbers | Runs


class Numbered(Struct, frozen=True):
    """What every event of a map has.

    Attributes:
        s: the map's session, or the queue of its edits; n: number of the event in it.
        p: the plan it is meant for.
        have, holds, got: versions of what the browser holds, see `terr.workspace.live.map_events.WindowState`.
    """

    s: Name
    n: Whole
    p: Any = None
    have: str = ""
    holds: str = ""
    got: list[str] = []


class Paint(Struct, frozen=True, tag_field="k", tag="paint"):
    """Units to a territory; `seen` is where they were on the screen at revision `rev`, as `Codes`, if it is any."""

    units: Units
    to: Whole
    seen: Any = None
    rev: Whole = 0


class Lock(Struct, frozen=True, tag_field="k", tag="lock"):
    """Locks of units, or off with them."""

    units: Units
    on: bool = False


class Undo(Struct, frozen=True, tag_field="k", tag="undo"):
    """Undo, as seen at revision `rev`."""

    rev: Whole = -1


class Redo(Struct, frozen=True, tag_field="k", tag="redo"):
    """Redo, as seen at revision `rev`."""

    rev: Whole = -1


class Propose(Struct, frozen=True, tag_field="k", tag="propose"):
    """A proposal: units, the territory each should go to, and why."""

    units: Units
    codes: Codes
    why: str = ""


class Active(Struct, frozen=True, tag_field="k", tag="active"):
    """The territory that clicks paint."""

    to: Whole


class Look(Struct, frozen=True, tag_field="k", tag="look"):
    """What else is to be colored."""

    to: str


class Find(Struct, frozen=True, tag_field="k", tag="find"):
    """What the person searches for."""

    text: str


class Points(Struct, frozen=True, tag_field="k", tag="points"):
    """Accounts are wanted as points, colored by a column, "" for none."""

    by: str = ""


class Homes(Struct, frozen=True, tag_field="k", tag="homes"):
    """Homes of reps are wanted."""


class Tiles(Struct, frozen=True, tag_field="k", tag="tiles"):
    """The street map is wanted, or no longer."""

    on: bool = False


class Accounts(Struct, frozen=True, tag_field="k", tag="accounts"):
    """The accounts of a unit, or else of a territory, are wanted as a table."""

    unit: Whole = -1
    to: Whole = -1


class Hello(Struct, frozen=True):
    """The first message of a line: the window's token, and what it looks at."""

    token: str
    view: Any = None


class EditsMessage(Struct, frozen=True, tag_field="t", tag="edits"):
    """A queue of edits, each a `Numbered` and an `Edit`."""

    s: Name
    events: list[Any]


class ViewMessage(Struct, frozen=True, tag_field="t", tag="view"):
    """What the window looks at (see `terr.workspace.live.presence.view_of`), and whether others may follow."""

    view: Any = None
    presenting: bool = False


class NameMessage(Struct, frozen=True, tag_field="t", tag="name"):
    """How the person is called."""

    name: str


class CardMessage(Struct, frozen=True, tag_field="t", tag="card"):
    """What the card of a unit says is wanted, or that of an account (its position)."""

    unit: Whole = -1
    row: Whole = -1


Edit = Paint | Lock | Undo | Redo | Propose
Wish = Active | Look | Find | Points | Homes | Tiles | Accounts
Message = EditsMessage | ViewMessage | NameMessage | CardMessage


def said(text: str, kind: Any) -> Any:
    """A text as `Hello` or `Message`; None for any other text, however long or deep."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def fitting(event: Any, kind: Any) -> Any:
    """What came as JSON, as `Numbered`, `Edit` or `Wish`; None if it is something else."""
    try:
        return msgspec.convert(event, kind)
    except msgspec.ValidationError:
        return None


def units_of(told: list[int] | Ranges) -> list[int] | None:
    """Unit codes; None if they are too many, or a range runs backward."""
    if isinstance(told, list):
        return told
    out: list[int] = []
    for part in told.short.split(","):
        first, _, last = part.partition("-")
        lo, hi = int(first), int(last or first)
        if hi < lo or len(out) + hi - lo >= _MOST_UNITS:
            return None
        out.extend(range(lo, hi + 1))
    return out


def codes_of(told: list[int] | Runs | None) -> list[int] | None:
    """Territory codes, one per unit; None if there are none, or too many."""
    if told is None or isinstance(told, list):
        return told
    out: list[int] = []
    for part in told.short.split(","):
        code, _, times = part.partition("*")
        if len(out) + int(times) > _MOST_UNITS:
            return None
        out.extend([int(code)] * int(times))
    return out


def text_of(told: str, longest: int = LONGEST) -> str:
    """A printable text of at most `longest` characters without spaces around it, "" for anything else."""
    return told.strip() if len(told) <= longest and told.isprintable() else ""
