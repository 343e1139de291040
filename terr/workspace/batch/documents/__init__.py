"""Documents of plans named on a command line."""
