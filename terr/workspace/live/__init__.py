"""Several people on one plan: edits in order and once, presence, proposals, comments, broadcasts."""
