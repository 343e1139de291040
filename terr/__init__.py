"""Terr: a sales-territory planner that balances, explains and proves."""

__version__ = "0.1.0"
