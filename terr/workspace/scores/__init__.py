"""Saved scores of accounts: what they read, make and say."""
