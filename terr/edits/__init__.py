"""Edits: what changes a plan (moves, colours) and the tree of what was done (history)."""
