"""Facts with dates (orders, opportunities, activities, contracts, quotas) and what they say: rates, retention,
lifetime value, forecasts. Figures in, figures out: no file, page or store is known here."""
