"""One plan: opened, measured as a snapshot, edited under a guard, searched, filtered."""
