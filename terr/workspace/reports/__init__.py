"""Files of a plan: downloads and CRM imports."""
