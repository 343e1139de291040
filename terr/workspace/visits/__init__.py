"""Visits: which accounts a rep calls on, on which day, in which order."""
