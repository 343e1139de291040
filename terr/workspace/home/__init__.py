"""Home: recent plans as cards with a small map, what to do next, and the demo as a finished plan."""
