"""Data sets: a file read, asked about, imported, corrected, compared with the next one."""
