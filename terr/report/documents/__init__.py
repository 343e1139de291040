"""Documents that leave Terr: one content model, and a writer for each kind of file."""
