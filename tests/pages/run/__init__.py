"""Pages of the group Run."""
