"""Files of facts with dates: orders, opportunities, activities, contracts and quotas, read row by row."""
