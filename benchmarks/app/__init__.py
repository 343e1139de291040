"""The app as a person meets it: start, clicks, uploads, the map."""
