"""The Accounts page: upload, questions, review, corrections, duplicates, new data."""
