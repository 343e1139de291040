"""Whether distances are told in miles or in kilometers: one choice for everybody of this data folder."""

from __future__ import annotations

from pathlib import Path

from terr.errors import RoleError, StoreError
from terr.store.atomic import replace_file
from terr.workspace.access.roles import admins
from terr.workspace.workspace import Workspace

_FILE, _KILOMETERS = "distances.txt", "kilometers"


def miles(root: Path) -> bool:
    """Whether people of this data folder read miles; so unless kilometers were chosen."""
    try:
        return (root / _FILE).read_text("utf-8").strip() != _KILOMETERS
    except (OSError, UnicodeDecodeError):
        return True


def may_choose(ws: Workspace) -> bool:
    """Whether the choice is this person's: everybody's where nobody signs in, else an administrator's."""
    return not ws.sign_in or ws.person.user_id in admins()


def choose(ws: Workspace, *, miles: bool) -> None:
    """Keep the choice.

    Raises:
        RoleError: if it isn't this person's to make.
        StoreError: if it can't be written.
    """
    if not may_choose(ws):
        raise RoleError("Only an administrator can choose between miles and kilometers; ask one.")
    try:
        replace_file(ws.root / _FILE, b"miles\n" if miles else b"kilometers\n", prefix=".distances-")
    except OSError as error:
        raise StoreError(f"the choice can't be saved in {ws.root} ({error.strerror}); check the folder") from error
