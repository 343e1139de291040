"""Books of accounts beside other ways to divide them."""
