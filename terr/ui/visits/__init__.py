"""Visits: what is asked, the calendar, a day with its map, files."""
