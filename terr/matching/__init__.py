"""Accounts that stand for one another: duplicates, families, and last quarter's extract against this one's."""
