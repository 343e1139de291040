"""Files in: how long they take, and mutated ones."""
