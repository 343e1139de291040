"""Page Situations: what happened, the options as cards, applied as a scenario."""
