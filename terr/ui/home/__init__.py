"""The Home page: what Terr is, one click to a plan on the map, recent plans."""
