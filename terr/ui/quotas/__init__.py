"""The Quotas page."""
