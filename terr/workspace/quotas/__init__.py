"""Quotas: what they are divided by, proposed and accepted, with goals and files."""
