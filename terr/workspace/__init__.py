"""The use cases: import, open, edit, undo, design, rebalance, export. Pages, command line and scripts share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terr.workspace.workspace import Workspace

__all__ = ["Workspace"]


def __getattr__(name: str) -> Any:
    """`Workspace` when it is first asked for: what reads one file for the command line loads no database."""
    if name == "Workspace":
        from terr.workspace.workspace import Workspace

        return Workspace
    raise AttributeError(name)
