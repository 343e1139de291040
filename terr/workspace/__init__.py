"""The use cases: import, open, edit, undo, design, rebalance, export. Pages, command line and scripts share them."""

from terr.workspace.core import Workspace

__all__ = ["Workspace"]
