"""Every row with its status: rows and money in = accepted + excluded + rejected."""
