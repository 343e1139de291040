"""Many windows on one plan."""
