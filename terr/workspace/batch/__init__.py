"""Use cases without a store, for the command line and scripts: file -> accounts -> problem -> report."""
