"""Which column is what, and what a file leaves open; asked with evidence, answered once."""
