"""The Reps page: the roster and who covers what."""
