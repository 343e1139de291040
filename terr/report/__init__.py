"""Files that leave Terr, safe from formulas: accounts, plans, shapes, CRM imports."""
