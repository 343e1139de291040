"""Facts of accounts: joined to them with every row and dollar accounted for, measured by period, forecast."""
