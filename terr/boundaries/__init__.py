"""Boundaries: which areas there are, where they lie, who borders whom, and how files of them come in."""
