"""The options that commands share, and what a person writes behind them as values; each says what it should be."""

from __future__ import annotations

import argparse
import math
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terr.model.problem_checks import Limit

MAX_SEED = 1_000_000


class Pairs(argparse.Action):
    """Collects what each `KEY=VALUE` names, a key only once, in a dict."""

    def __call__(self, _parser: Any, namespace: argparse.Namespace, values: Any, _option: str | None = None) -> None:
        """Import one more."""
        key, value = values
        known = getattr(namespace, self.dest)
        if key in known:
            raise argparse.ArgumentError(self, f"{key} is named twice; give it once")
        setattr(namespace, self.dest, {**known, key: value})


PAIRS: dict[str, Any] = {"action": Pairs, "default": {}}
LIST: dict[str, Any] = {"action": "append", "default": []}
LISTS: dict[str, Any] = {"action": "extend", "default": []}


def pair(text: str) -> tuple[str, str]:
    """`KEY=VALUE`."""
    key, sign, value = text.partition("=")
    if not sign or not key.strip() or not value.strip():
        raise argparse.ArgumentTypeError(f'"{text}" needs a name, an equals sign and a value, such as revenue=Beds')
    return key.strip(), value.strip()


def limit(text: str) -> tuple[str, Limit]:
    """`MEASURE=0.05`, or `MEASURE=LOW:HIGH` with either left out for no limit on that side."""
    key, sign, value = text.rpartition("=")
    if not sign or not key.strip():
        raise argparse.ArgumentTypeError(f'"{text}" needs a measure and a share, such as revenue=0.05')
    what = f"the limit on {key.strip()}"
    if ":" not in value:
        return key.strip(), number(value, what, "a share such as 0.05")
    low, _, high = value.partition(":")
    if not low.strip() and not high.strip():
        raise argparse.ArgumentTypeError(f"{what} names no share; give one below, above, or both, such as 0.1:0.05")
    sides = [number(v, what, "shares below and above, such as 0.1:0.05") if v.strip() else None for v in (low, high)]
    return key.strip(), (sides[0], sides[1])


def day(text: str) -> date:
    """A day as ISO writes it."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' isn't a day; write it as 2027-03-31") from None


def load(text: str) -> tuple[str, float]:
    """`MEASURE=NUMBER`, a load."""
    key, value = pair(text)
    found = number(value.replace("_", "").replace(",", ""), f"the {key} given", "a number such as 2500000")
    if found < 0:
        raise argparse.ArgumentTypeError(f"the {key} given is below zero; give a number such as 2500000")
    return key, found


def part(text: str) -> tuple[str, float]:
    """`TERRITORY=0.6`, a share of a full territory."""
    key, sign, value = text.rpartition("=")
    if not sign or not key.strip():
        raise argparse.ArgumentTypeError(f'"{text}" needs a territory and a share of a full one, such as 3=0.6')
    from terr.workspace.plan.rules import SHARES

    what = f"the target of {key.strip()}"
    found = number(value, what, "a share of a full territory, such as 0.6")
    if not SHARES[0] <= found <= SHARES[1]:
        raise argparse.ArgumentTypeError(
            f"{what} is {value} of a full territory; choose {SHARES[0]:g} to {SHARES[1]:g}"
        )
    return key.strip(), found


def several(text: str) -> tuple[str, ...]:
    """`A,B,...`."""
    return tuple(dict.fromkeys(u.strip() for u in text.split(",") if u.strip()))


def states(text: str) -> tuple[str, ...]:
    """`TX,OK,...`."""
    return several(text.upper())


def areas_named(text: str) -> tuple[str, ...]:
    """`auto`, or areas by id or name."""
    from terr.workspace.design.splitting import AUTO, names_in

    return (AUTO,) if text.strip().casefold() == AUTO else names_in(text)


def together(text: str) -> tuple[str, ...]:
    """`AREA,AREA,...`, at least two."""
    units = several(text)
    if len(units) < 2:
        raise argparse.ArgumentTypeError(
            f'"{text[:60]}" names fewer than two areas to keep together; put commas between'
        )
    return units


def price(text: str) -> float:
    """A number from 0 up."""
    value = number(text, "the price", "Off, Low, Medium, High or a number such as 1")
    if not 0 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"the price {text} must lie between 0 and 1,000,000")
    return value


def priority(text: str) -> str | float:
    """Off, Low, Medium or High, or a price."""
    from terr.workspace.design.request import WORDS

    word = text.strip().capitalize()
    return word if word in WORDS else price(text)


def shape_level(text: str) -> str:
    """Low, Medium or High."""
    from terr.workspace.design.request import SHAPE_WORDS

    word = text.strip().capitalize()
    if word not in SHAPE_WORDS:
        raise argparse.ArgumentTypeError(f'"{text[:40]}" must be one of {", ".join(SHAPE_WORDS)}')
    return word


def priced(text: str) -> tuple[str, str | float]:
    """`PRICE`, or `MEASURE=PRICE`; the measure is "" if none is named."""
    key, _, value = text.rpartition("=")
    return key.strip(), priority(value)


def distance(text: str) -> float:
    """A distance in km, typed in miles (`100`, `100mi`) or kilometers (`160km`)."""
    from terr.view.text import MILE_KM

    given = text.strip().casefold()
    unit = next((u for u in ("kilometers", "km", "miles", "mi") if given.endswith(u)), "")
    found = number(given.removesuffix(unit).replace(",", ""), "the distance", "miles, such as 100, or 160km")
    if found <= 0 or "%" in given:
        raise argparse.ArgumentTypeError(f"the distance {text} must be above zero: miles, such as 100, or 160km")
    return found * (1.0 if unit.startswith("k") else MILE_KM)


def share(text: str) -> float:
    """A share from 0 to 1."""
    value = number(text, "this", "a share from 0 to 1, such as 0.10")
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share from 0 to 1, such as 0.10")
    return value


def seconds(text: str) -> float:
    """Seconds above 0."""
    value = number(text, "the time", "seconds, such as 30")
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} seconds are no time; give more than 0")
    return value


def number(text: str, what: str, example: str) -> float:
    """A finite number; `5%` is 0.05."""
    try:
        value = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f'{what} must be {example}, not "{text}"')
    return value


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text[:40]}" is not a whole number') from None


def points(text: str) -> int:
    """How many plans a frontier is made of."""
    value = whole(text)
    if not 8 <= value <= 40:
        raise argparse.ArgumentTypeError("choose 8 to 40 points")
    return value


def whole_range(text: str) -> tuple[int, ...]:
    """`8:20`, `8:20:2`, `8,10,15`, or one number."""
    parts = [whole(v) for v in text.split(":")] if ":" in text else [whole(v) for v in several(text)]
    if ":" not in text:
        return tuple(sorted(parts))
    if len(parts) > 3 or parts[0] > parts[1] or (len(parts) == 3 and parts[2] < 1):
        raise argparse.ArgumentTypeError(f'"{text[:40]}" must be FROM:TO or FROM:TO:STEP, such as 8:20')
    if parts[1] - parts[0] > MAX_SEED:
        raise argparse.ArgumentTypeError(f'"{text[:40]}" are too many numbers')
    return tuple(range(parts[0], parts[1] + 1, parts[2] if len(parts) == 3 else 1))


def seeds(text: str) -> tuple[int, ...]:
    """Seeds as a range."""
    return tuple(seed(str(v)) for v in whole_range(text))


def shares(text: str) -> tuple[float, ...]:
    """`0.03,0.05,10%`."""
    return tuple(sorted(number(v, "a limit", "a share such as 0.05") for v in several(text)))


def seed(text: str) -> int:
    """A seed."""
    value = whole(text)
    if not 0 <= value <= MAX_SEED:
        raise argparse.ArgumentTypeError(f"choose a seed from 0 to {MAX_SEED:,}")
    return value


def file_options(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """The file of accounts and how it is read."""
    words = "accounts: CSV, text, Excel workbook or Parquet"
    parser.add_argument("file", metavar="FILE", help=words, **({} if needed else {"nargs": "?"}))  # type: ignore[arg-type]
    parser.add_argument("--sheet", metavar="NAME", help="sheet of a workbook")
    parser.add_argument(
        "--map",
        type=pair,
        **PAIRS,
        metavar="FIELD=COLUMN",
        help="column of a field (account_id name zip city state county latitude longitude owner) or measure",
    )
    parser.add_argument(
        "--answer",
        type=pair,
        **PAIRS,
        metavar="QUESTION=CHOICE",
        help="answer what the file leaves open, such as decimal:Revenue=, (check lists the questions)",
    )
    parser.add_argument(
        "--refuse",
        action="append",
        default=[],
        metavar="CORRECTION[:COLUMN]",
        help="leave cells as they are, such as padded_zip:Zip (check lists the corrections)",
    )
    parser.add_argument(
        "--decisions",
        metavar="FILE.json",
        help="answers, fixed cells, duplicates and families decided on the Accounts page",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def source_options(parser: argparse.ArgumentParser) -> None:
    """Rows of a database instead of a file."""
    parser.add_argument(
        "--source", metavar="VARIABLE", help="environment variable with a database's address, such as TERR_SOURCE_CRM"
    )
    parser.add_argument(
        "--query", metavar="SELECT", help="what to ask it; :name is read from the variable TERR_SOURCE_NAME"
    )


def place_options(parser: argparse.ArgumentParser) -> None:
    """On which areas: a level and a region, or boundaries of one's own."""
    parser.add_argument(
        "--level",
        metavar="state|county|city|zip3|zip",
        help="areas to plan with (city, zip3 and zip are approximate)",
    )
    parser.add_argument("--region", metavar="TX[,OK ...]|lower48|us", help="states; may be left out with --boundaries")
    parser.add_argument(
        "--boundaries",
        metavar="PATH",
        help="areas of your own instead of a level: GeoJSON, TopoJSON, zipped Shapefile, GeoPackage, GeoParquet, "
        "FlatGeobuf, KML or KMZ",
    )
    parser.add_argument(
        "--boundaries-id", metavar="COLUMN", help="its column of ids; the one that looks most like it if not given"
    )
    parser.add_argument("--boundaries-name", metavar="COLUMN", help="its column of names")
    parser.add_argument("--boundaries-layer", metavar="LAYER", help='one of its layers, or "all"')
    parser.add_argument(
        "--boundaries-epsg", type=whole, metavar="NUMBER", help="EPSG number of its coordinate system (such as 3857)"
    )


def plan_options(parser: argparse.ArgumentParser) -> None:
    """What is planned, and what it is held to."""
    place_options(parser)
    parser.add_argument(
        "--split",
        type=areas_named,
        default=(),
        metavar="auto|AREA,AREA,...",
        help="split these states into counties, or counties, cities or ZIP3s into ZIPs, by name or id (TX: all its "
        "counties); auto: "
        "those that no plan within the limits can have whole",
    )
    parser.add_argument("--measure", required=True, metavar="NAME", help='what to balance; "accounts" counts them')
    parser.add_argument(
        "--scores",
        metavar="FILE.json",
        help="definitions of scores, segments and their like, as the Scores page writes them; what they make are"
        " measures too",
    )
    for kind in ("orders", "opportunities", "activities", "contracts"):
        parser.add_argument(
            f"--{kind}",
            metavar="FILE",
            help=f"{kind} of the accounts, whose figures are measures too"
            + (', such as "Sales, last 12 months"' if kind == "orders" else ""),
        )
    parser.add_argument(
        "--limit",
        type=limit,
        **PAIRS,
        dest="limits",
        metavar="MEASURE=0.05",
        help="share a territory may be off its target, or LOW:HIGH below and above; 0.05 for --measure if not given",
    )
    parser.add_argument(
        "--cap",
        type=load,
        **PAIRS,
        dest="caps",
        metavar="MEASURE=AMOUNT",
        help="most of a measure that a territory may have",
    )
    parser.add_argument(
        "--floor",
        type=load,
        **PAIRS,
        dest="floors",
        metavar="MEASURE=AMOUNT",
        help="least of a measure that a territory may have",
    )
    parser.add_argument(
        "--target",
        type=part,
        **PAIRS,
        dest="shares",
        metavar="TERRITORY=0.6",
        help="share of a full territory; 1, or its rep's capacity, if not given",
    )
    parser.add_argument(
        "--keep-together",
        type=together,
        **LIST,
        dest="together",
        metavar="AREA,AREA,...",
        help="areas of one territory",
    )
    parser.add_argument(
        "--keep-whole",
        type=states,
        **LISTS,
        dest="whole_states",
        metavar="STATE,STATE,...",
        help="states none of which is divided",
    )
    parser.add_argument(
        "--unassigned",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="share of the measure that may have no territory, at most",
    )


def roster_option(parser: argparse.ArgumentParser) -> None:
    """The reps."""
    parser.add_argument(
        "--roster",
        metavar="FILE",
        help="reps: user id, name, home (ZIP or address), capacity; by default a sheet of reps in FILE's workbook",
    )


def people_options(parser: argparse.ArgumentParser) -> None:
    """Who covers the territories, and what stays where it is."""
    roster_option(parser)
    parser.add_argument(
        "--from-homes",
        dest="homes",
        action="store_true",
        help="each rep of the roster gets a territory and starts from home",
    )
    parser.add_argument(
        "--rep", **LIST, dest="reps", metavar="REP", help="only this rep, by id or name, does; may be repeated"
    )
    parser.add_argument(
        "--as-of",
        dest="as_of",
        type=day,
        metavar="DATE",
        help="targets follow the reps' capacity on this day: start, end, ramp and share of a full person",
    )
    parser.add_argument("--fixed-centers", dest="centred", action="store_true", help="their homes stay the centers")
    parser.add_argument(
        "--max-distance",
        dest="most_km",
        type=distance,
        metavar="MILES",
        help="farthest an area may be from its rep's home: 100 (miles), 100mi or 160km",
    )
    parser.add_argument(
        "--named",
        metavar="FILE.csv",
        help="reassigned accounts: account_id, and territory or rep; optionally kind, since, until and reason",
    )
    parser.add_argument(
        "--lock",
        type=pair,
        **PAIRS,
        dest="locks",
        metavar="AREA=TERRITORY",
        help='keep an area in a territory: 48453=3 or 48453="Territory 3"',
    )
    parser.add_argument(
        "--lock-territory", **LIST, dest="closed", metavar="TERRITORY", help="leave a territory of --plan as it is"
    )
    parser.add_argument(
        "--leave-out",
        type=several,
        **LISTS,
        dest="left_out",
        metavar="AREA,AREA,...",
        help="areas that get no territory",
    )


def shape_options(parser: argparse.ArgumentParser) -> None:
    """What counts within the limits."""
    parser.add_argument(
        "--balance",
        type=priced,
        **PAIRS,
        metavar="[MEASURE=]LEVEL",
        help="how hard to push for equal territories within the limit: Off, Low, Medium, High, or a price",
    )
    parser.add_argument(
        "--shape",
        type=shape_level,
        default="Medium",
        metavar="LEVEL",
        help="how much compact shapes count: Low, Medium (default) or High",
    )


def today_options(parser: argparse.ArgumentParser, text: str, *, needed: bool = True) -> None:
    """Today's plan: a plan file, or the owner column."""
    group = parser.add_mutually_exclusive_group(required=needed)
    group.add_argument("--plan", metavar="PLAN.csv", help=text)
    group.add_argument(
        "--today",
        choices=("owners",),
        help="instead of --plan: as the accounts are owned today, by the owner column and the roster",
    )


def moved_option(parser: argparse.ArgumentParser) -> None:
    """A cap on change."""
    parser.add_argument(
        "--max-moved", type=share, metavar="SHARE", help="share of the measure that may move, at most, such as 0.10"
    )


def sweep_options(parser: argparse.ArgumentParser) -> None:
    """Which designs a sweep makes, and where they go."""
    parser.add_argument(
        "--territories", type=whole_range, required=True, metavar="8:20", help="how many: a range, or 8,10,15"
    )
    parser.add_argument(
        "--each-limit",
        type=shares,
        metavar="0.03,0.05,0.1",
        help="limits of --measure to try; what --limit says, or 0.05, if not given",
    )
    parser.add_argument("--seeds", type=seeds, default=(1,), metavar="1:5", help="seeds to try (default 1)")
    parser.add_argument("--time-limit", type=seconds, metavar="SECONDS", help="of each design")
    parser.add_argument("--out", metavar="SWEEP.csv", help="write the table")
    parser.add_argument("--out-dir", metavar="DIR", help="write each plan there, as point-1.csv, point-2.csv ...")


def solve_options(parser: argparse.ArgumentParser) -> None:
    """Clock, seed and where the plan goes."""
    time_options(parser)
    parser.add_argument("--out", metavar="PLAN.csv", help="write the plan")


def time_options(parser: argparse.ArgumentParser) -> None:
    """Clock and seed."""
    parser.add_argument("--seed", type=seed, default=1, help="same input and seed, same plan (default 1)")
    parser.add_argument("--time-limit", type=seconds, metavar="SECONDS", help="stop with the best so far")
