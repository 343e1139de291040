"""One repository for each kind of thing that is kept. Only these, and the files beside them, know tables."""
