"""The user's own boundaries, step by step: what is in the file, checked and mended, overlaps and gaps settled."""
