"""Places 5,000 invented accounts by the population of cities, owned by the 12 reps of terr.demo."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from terr.demo import demo_reps

ROWS = 5000
SEED = 20260701
COUNTRY_CAP = 0.0105  # no county above this share of the country's accounts ...
STATE_CAP = 0.062  # ... nor of its own state's, in states with more than STATE_FLOOR accounts
STATE_FLOOR = 0.03
HOME, HOME_PULL = "TX", 1.45  # the company started in Texas
LAST_DAY = np.datetime64("2026-06-30")

INDUSTRIES = {
    "Manufacturing": ("Castings", "Fabrication", "Machine Works", "Tooling", "Industries", "Components"),
    "Healthcare": ("Clinics", "Health Partners", "Medical Group", "Diagnostics", "Care Network", "Imaging"),
    "Construction": ("Builders", "Contracting", "Concrete", "Roofing", "Interiors", "Site Services"),
    "Food and Beverage": ("Foods", "Bakeries", "Provisions", "Bottling", "Dairy", "Kitchens"),
    "Logistics": ("Freight", "Haulage", "Warehousing", "Distribution", "Cold Storage", "Couriers"),
    "Retail": ("Outfitters", "Hardware", "Home Stores", "Supply", "Markets", "Garden Centers"),
    "Technology": ("Software", "Data Systems", "Networks", "Robotics", "Controls", "Devices"),
    "Professional Services": ("Advisors", "Engineers", "Consulting", "Architects", "Surveyors", "Accountants"),
    "Education": ("Academy", "Learning", "Training Institute", "School Services", "Books", "Tutoring"),
    "Energy": ("Solar", "Pipelines", "Power Services", "Drilling", "Utilities", "Wind"),
}
SHARES = (0.16, 0.14, 0.13, 0.10, 0.10, 0.11, 0.09, 0.08, 0.05, 0.04)
FIRST = (
    *("Alder", "Bramble", "Cinder", "Dorn", "Ember", "Fenn", "Gale", "Hollin", "Ivers", "Juniper", "Kestrel", "Larch"),
    *("Marl", "Nettle", "Oaken", "Pell", "Quill", "Rook", "Sable", "Tarn", "Umber", "Vetch", "Wren", "Yarrow", "Zeph"),
)
SECOND = (
    *("bridge", "croft", "dale", "fell", "garth", "ham", "holt"),
    *("leigh", "mere", "moor", "stead", "thorpe", "wick", "worth"),
)


def county_shares(cities: pd.DataFrame) -> pd.Series:
    """City weights (population^0.75), scaled so that no county outgrows a territory of the usual sizes."""
    weight = cities["population"].to_numpy(float) ** 0.75 * np.where(cities["state"] == HOME, HOME_PULL, 1.0)
    for _ in range(30):
        weight = weight / weight.sum()
        by_county = pd.Series(weight).groupby(cities["county"]).transform("sum").to_numpy()
        by_state = pd.Series(weight).groupby(cities["state"]).transform("sum").to_numpy()
        cap = np.where(by_state > STATE_FLOOR, np.minimum(COUNTRY_CAP, STATE_CAP * by_state), COUNTRY_CAP)
        weight = weight * np.minimum(1.0, cap / by_county)
    return pd.Series(weight / weight.sum(), index=cities.index)


def names(rng: np.random.Generator, industry: np.ndarray) -> list[str]:
    """Invented company names, no two alike."""
    taken: set[str] = set()
    out = []
    for kind in industry:
        while True:
            root = str(rng.choice(FIRST)) + str(rng.choice(SECOND))
            name = f"{root} {rng.choice(INDUSTRIES[kind])}"
            if name in taken:
                name += f" {rng.choice(['Inc', 'LLC', 'Co', 'Group', 'of ' + str(rng.choice(FIRST)) + 'ton'])}"
            if name not in taken:
                break
        taken.add(name)
        out.append(name)
    return out


def demo_table(cities: pd.DataFrame, zips: pd.DataFrame) -> pd.DataFrame:
    """The demo accounts, every cell text."""
    rng = np.random.default_rng(SEED)
    cities = cities[cities["city"] != "New York City"].reset_index(drop=True)  # its boroughs are there
    zips = zips[zips["county"] != ""].reset_index(drop=True)
    counts = rng.multinomial(ROWS, county_shares(cities).to_numpy())
    city = np.repeat(np.arange(len(cities)), counts)
    by_county = {c: rows.to_numpy() for c, rows in pd.Series(zips.index).groupby(zips["county"])}
    at = np.empty(ROWS, dtype=int)
    for k, c in enumerate(city):
        rows = by_county[cities["county"][c]]
        away = np.hypot(
            zips["lat"][rows] - cities["lat"][c],
            (zips["lon"][rows] - cities["lon"][c]) * np.cos(np.radians(cities["lat"][c])),
        ).to_numpy()
        near = rows[np.argsort(away, kind="stable")[: 1 + int(cities["population"][c] // 25_000)][:20]]
        at[k] = rng.choice(near)
    place = zips.iloc[at].reset_index(drop=True)
    order = rng.permutation(ROWS)
    place = place.iloc[order].reset_index(drop=True)

    industry = rng.choice(list(INDUSTRIES), ROWS, p=SHARES)
    size = rng.normal(0.0, 1.0, ROWS).clip(-2.5, 2.5)
    employees = np.round(np.exp(4.1 + 1.1 * size + rng.normal(0, 0.4, ROWS))).clip(3).astype(int)
    potential = np.exp(11.5 + 0.85 * size + rng.normal(0, 0.35, ROWS))
    revenue = potential * rng.beta(2.2, 3.0, ROWS)
    prospect = rng.random(ROWS) < 0.06
    day = LAST_DAY - rng.exponential(80, ROWS).astype(int).clip(0, 700)
    lat = (place["lat"] + rng.normal(0, 0.004, ROWS)).round(5)
    lon = (place["lon"] + rng.normal(0, 0.004, ROWS)).round(5)
    hidden = rng.random(ROWS) < 0.15
    table = pd.DataFrame(
        {
            "Account ID": [f"A-{k:05d}" for k in range(1, ROWS + 1)],
            "Account Name": names(rng, industry),
            "Account Owner": owners(rng, place, zips),
            "Industry": industry,
            "Employees": employees.astype(str),
            "City": place["city"],
            "State": place["state"],
            "ZIP": place["zip"],
            "Latitude": [f"{v:.5f}" for v in lat],
            "Longitude": [f"{v:.5f}" for v in lon],
            "Annual Revenue": [f"{v:.2f}" for v in np.where(prospect, 0.0, revenue)],
            "Potential": [f"{v:.0f}" for v in potential.round(-2)],
            "Last Order": np.where(prospect, "", day.astype(str)),
        }
    )
    table.loc[hidden, ["Latitude", "Longitude"]] = ""
    return dirt(rng, table).astype(object)


def owners(rng: np.random.Generator, place: pd.DataFrame, zips: pd.DataFrame) -> list[str]:
    """Today's owners: mostly the rep nearest to the account, with habits that leave the books uneven."""
    reps = [r for r in demo_reps() if r.covers]
    home = zips.set_index("zip").loc[[r.home_zip for r in reps], ["lat", "lon"]].to_numpy(float)
    spot = place[["lat", "lon"]].to_numpy(float) * [1.0, 0.78]
    away = np.stack([cKDTree([h]).query(spot)[0] for h in home * [1.0, 0.78]], axis=1)
    pull = rng.uniform(0.75, 1.3, len(reps))
    scatter = rng.lognormal(0.0, 0.18, away.shape)
    return [reps[k].name for k in np.argmin(away * pull * scatter, axis=1)]


def dirt(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """A handful of cells as CRMs really hold them; each row can still be located."""
    table = table.copy()
    seen = np.flatnonzero(table["Latitude"] != "")
    plain = rng.permutation(seen)
    plus4, nothing, swapped, zero = plain[:40], plain[40:52], plain[52:58], plain[58:63]
    table.loc[plus4, "ZIP"] = table.loc[plus4, "ZIP"] + "-" + rng.integers(1000, 9999, len(plus4)).astype(str)
    table.loc[nothing, ["ZIP", "Latitude", "Longitude"]] = ""
    lat, lon = table.loc[swapped, "Latitude"].to_numpy(), table.loc[swapped, "Longitude"].to_numpy()
    table.loc[swapped, "Latitude"], table.loc[swapped, "Longitude"] = lon, lat
    table.loc[zero, ["Latitude", "Longitude"]] = "0"
    short = np.flatnonzero(table["ZIP"].str.match(r"^0\d{4}$") & (table["Latitude"] == ""))[:8]
    table.loc[short, "ZIP"] = table.loc[short, "ZIP"].str.lstrip("0")
    return table
