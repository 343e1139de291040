"""The Scenarios page: the tree of plans, history, comparison, change ledger, exceptions."""
