"""What is kept of single territories of a plan."""
