"""PuLP models: assignment to centers, elastic limits, set partitioning, fixed centers."""
