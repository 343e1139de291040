"""The use cases: import, open, edit, undo, design, rebalance, export. Pages, command line and scripts share them."""

from terr.workspace.workspace import Workspace

__all__ = ["Workspace"]
