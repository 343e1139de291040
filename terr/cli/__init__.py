"""The command line: words in, a use case asked, a report or JSON out. It may ask `workspace` and nothing above it."""
