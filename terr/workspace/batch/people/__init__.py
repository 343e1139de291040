"""Reps and quotas from files named on a command line."""
