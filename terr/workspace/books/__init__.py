"""Books of accounts and layers: rules tried on the accounts, plans made of them, accounts moved between them."""
