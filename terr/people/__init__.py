"""People: quotas, sizing, capacity, fit, skills and fairness, as functions of plain figures."""
