"""Books and layers: accounts as units of a plan, and the rules that say which accounts a territory can take."""
