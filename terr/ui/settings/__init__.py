"""The Settings page: boundaries and who a plan is shared with."""
