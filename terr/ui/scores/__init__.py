"""The Scores page: segments, tiers, potential, scores, look-alikes, workload."""
