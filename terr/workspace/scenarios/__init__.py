"""Plans over time and beside each other: tree, history, comparison, change ledger, exceptions."""
