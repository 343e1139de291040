"""The Performance page: figures by group and period, what stands out, forecasts, pipeline and customers."""
