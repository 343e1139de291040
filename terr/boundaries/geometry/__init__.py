"""Geometry: shapes made sound, borders and neighbors, arcs for the browser. Pure functions on arrays and shapes."""
