"""Reps: the roster, their homes and hours."""
