"""Visits and routes."""
