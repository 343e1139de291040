"""Several windows on one plan: the socket between browser and server, who is here, comments."""
