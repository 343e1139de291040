"""ZIP areas: estimated from ZIP points, or the exact ones of the Census Bureau."""
