"""Territory plans: drafted from the data, kept with history and roles, frozen, and as files."""
