"""Visits: which account a rep calls on, on which day, in which order."""
