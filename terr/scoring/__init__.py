"""Segments, formulas, tiers, scores, likeness, potential and workload: new figures per account from those it has."""
