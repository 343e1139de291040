"""The pages there are, in the order of the navigation: address, title, icon; and the groups they stand in."""

PAGES = (
    ("home", "Home", ":material/home:"),
    ("accounts", "Accounts", ":material/table:"),
    ("scores", "Scores", ":material/leaderboard:"),
    ("plan", "Plan", ":material/map:"),
    ("situations", "Situations", ":material/alt_route:"),
    ("scenarios", "Scenarios", ":material/account_tree:"),
    ("reps", "Reps", ":material/group:"),
    ("quotas", "Quotas", ":material/flag:"),
    ("performance", "Performance", ":material/monitoring:"),
    ("review", "Review", ":material/event_repeat:"),
    ("territory_plans", "Territory plans", ":material/assignment:"),
    ("visits", "Visits", ":material/route:"),
    ("reports", "Reports", ":material/download:"),
    ("settings", "Settings", ":material/settings:"),
)
NAMES = tuple(name for name, _, _ in PAGES)
GROUPS = {
    "": ("home",),
    "Data": ("accounts", "scores"),
    "Plan": ("plan", "situations", "scenarios", "reps", "quotas"),
    "Run": ("performance", "review", "territory_plans", "visits"),
    "Share": ("reports", "settings"),
}
"""Heading in the navigation -> its pages."""
