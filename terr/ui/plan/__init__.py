"""The Plan page: map, toolbar, figures, territories."""
