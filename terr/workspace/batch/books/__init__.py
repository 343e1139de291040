"""Books of accounts from files named on a command line."""
