"""Reviews of plans: what drifted and why, the smallest repair, and what was decided."""
