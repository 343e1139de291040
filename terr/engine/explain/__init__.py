"""Explanations: why a limit is broken, which units cause it, and what can be proven about it."""
