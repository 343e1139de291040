"""Who may do what: roles, and the store behind a guard that asks for them."""
