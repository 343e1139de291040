"""Generate, repair, prove and trade off: from a plan to an engine task, and its result back to an edit."""
