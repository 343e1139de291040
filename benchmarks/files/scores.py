"""Seconds to work out kept definitions of scores: `python -m benchmarks.files.scores [5000 250000]`.

The demo's accounts, repeated, with a made-up outcome that large accounts win more often. One definition of each kind:
potential by a blend with white space, tiers, a score, likeness, workload, size bands and all industries.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.marks import Figure, shown, table
from terr import demo
from terr.model.accounts import Accounts
from terr.model.progress import Progress
from terr.scoring.scores import Ingredient
from terr.scoring.segments import Segment, by_values
from terr.workspace.accounts import dataset
from terr.workspace.scores import recipe as recipes
from terr.workspace.scores.likeness import LikenessTo
from terr.workspace.scores.potential import Formula, PotentialBy
from terr.workspace.scores.recipe import Recipe
from terr.workspace.scores.score import ScoreBy
from terr.workspace.scores.segments import Segments
from terr.workspace.scores.tiers import TiersBy
from terr.workspace.scores.workload import WorkloadBy


def book(count: int) -> Accounts:
    """So many accounts."""
    one = demo.demo_accounts()
    frame = pd.concat([one] * (-(-count // len(one))), ignore_index=True).iloc[:count].copy()
    frame["Account ID"] = [f"A-{k}" for k in range(count)]
    rng = np.random.default_rng(1)
    large = (pd.to_numeric(frame["Employees"], errors="coerce").fillna(50) > 100).to_numpy()
    won = large + rng.normal(0, 1, count) > 0.5
    frame["Stage"] = np.where(rng.random(count) < 0.4, "", np.where(won, "Closed Won", "Closed Lost"))
    frame["Revenue 2024"], frame["Revenue 2025"] = frame["Annual Revenue"], frame["Potential"]
    raw, columns = dataset.inspect(frame.to_csv(index=False).encode(), "accounts.csv")
    return dataset.intake(raw, columns, dataset.guess_money(columns)).accounts


def whole(accounts: Accounts) -> Recipe:
    """One definition of each kind."""
    past = ("Revenue 2024", "Revenue 2025", "Annual Revenue")
    potential = PotentialBy("TAM", "blend", "ifblank(Employees, 10) * 120", past, current="Annual Revenue")
    parts = (Ingredient("TAM", 3), Ingredient("Annual Revenue", 2), Ingredient("White space", 1))
    sizes = (
        Segment("Large", "Employees >= 500"),
        Segment("Medium", "Employees >= 50 and Employees < 500"),
        Segment("Small", "Employees < 50"),
    )
    return Recipe(
        (
            potential,
            TiersBy("Tier", "TAM"),
            ScoreBy("Score", parts),
            LikenessTo("Likeness", "Stage", ("Closed Won",), ("Closed Lost",)),
            WorkloadBy("Hours a year", "Tier"),
            Segments("Sizes", sizes, ("Annual Revenue",)),
            Segments("Industries", by_values(accounts, "Industry"), ("Annual Revenue", "Hours a year")),
        )
    )


def run(counts: Sequence[int] = (5_000, 250_000)) -> list[Figure]:
    """Seconds for all definitions, and for one more on top; where the time went is told on stderr."""
    figures = []
    for count in counts:
        accounts = book(count)
        recipe, reps, began = whole(accounts), demo.demo_reps(), time.perf_counter()
        seen: list[tuple[float, str]] = []
        progress = Progress(lambda now: seen.append((now.seconds, now.stage)))  # noqa: B023 (used at once)
        done = recipes.applied(accounts, recipe, reps, ground="same", progress=progress)
        took = time.perf_counter() - began
        spans = [*[(at, text) for at, text in seen if text.startswith("Working out")], (took, "")]
        for (at, text), (then, _) in pairwise(spans):
            sys.stderr.write(f"  {then - at:6.2f} s  {text}\n")
        began = time.perf_counter()
        more = recipe.with_one(Formula("One more", "Employees * 2"))
        recipes.applied(accounts, more, reps, ground="same", before=(done,))
        case = f"{count:,} accounts, {len(done.steps)} definitions"
        figures += [
            Figure(case, "definitions that could not be worked out", len(done.broken), "", 0, exact=True),
            shown(case, "all worked out", [took], "s"),
            shown(case, "one more, the others taken over", [time.perf_counter() - began], "s"),
        ]
    return figures


if __name__ == "__main__":
    print(table(run([int(a) for a in sys.argv[1:]] or (5_000, 250_000))))
