"""The pages there are, in the order of the navigation: address, title, icon."""

PAGES = (
    ("home", "Home", ":material/home:"),
    ("accounts", "Accounts", ":material/table:"),
    ("scores", "Scores", ":material/leaderboard:"),
    ("plan", "Plan", ":material/map:"),
    ("scenarios", "Scenarios", ":material/account_tree:"),
    ("reps", "Reps", ":material/group:"),
    ("reports", "Reports", ":material/download:"),
    ("settings", "Settings", ":material/settings:"),
)
NAMES = tuple(name for name, _, _ in PAGES)
