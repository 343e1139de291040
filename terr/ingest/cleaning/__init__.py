"""Cells as values: numbers, ZIPs and texts read without guessing; small repairs, each listed."""
