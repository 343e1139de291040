"""The Performance page: what to measure, its figures, lines over time, the map, forecast, pipeline and customers."""
