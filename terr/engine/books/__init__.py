"""Books of accounts: n accounts divided among k reps within limits, without borders, with a proven gap."""
