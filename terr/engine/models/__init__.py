"""The PuLP model of design, repair and explanations, and groups that stay together. It may ask the arrays."""
