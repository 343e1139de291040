"""Kept definitions, and what came of them, in the words of a sales leader."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.scoring import expressions, travel
from terr.scoring.columns import shown
from terr.scoring.nodes import FormulaError
from terr.scoring.scores import Scores
from terr.scoring.tiers import Cuts
from terr.view.text import and_list, count, percent, short
from terr.workspace.scores.definition import Definition
from terr.workspace.scores.likeness import LikenessTo
from terr.workspace.scores.potential import Formula, PotentialBy
from terr.workspace.scores.ranges import RangeBy
from terr.workspace.scores.recipe import AppliedRecipe, Recipe, UnreadableDefinition
from terr.workspace.scores.score import ScoreBy
from terr.workspace.scores.segments import Segments
from terr.workspace.scores.tiers import TiersBy
from terr.workspace.scores.workload import WorkloadBy

TITLES = {
    "segments": "Segments",
    "formula": "Formula",
    "potential": "Potential",
    "range": "Range",
    "tiers": "Tiers",
    "score": "Score",
    "likeness": "Look-alikes",
    "workload": "Workload",
    "unread": "Not readable",
}


FORMULA_HELP = expressions.HELP
"""How formulas are written."""

RULE_HELP = (
    'A rule compares: `revenue >= 1M`, `industry = "Health"`, `owner in ("Ann", "Bob")`, '
    '`name contains "bank"`, `users between 10 and 50`, `city is blank`; join rules with `and`, `or`, `not`.'
)

TRAVEL_HELP = inspect.getdoc(travel) or ""
"""How travel is estimated."""

HOURS_A_YEAR = 1_800
"""Of one person, to make sums of hours understood."""


def pointer(error: InputError) -> str:
    """The text of a formula that can't be read with an arrow below the place; "" for any other error."""
    return error.pointer() if isinstance(error, FormulaError) and error.text else ""


def file_text(now: Recipe, found: Recipe) -> str:
    """What is in a file of definitions, and which of those kept it replaces."""
    said = f"{count(len(found.kept), 'definition')} in the file: {and_list([d.name for d in found.kept], 6)}."
    same = [shown(d.name) for d in found.kept if now.named(d.name)]
    return f"{said} {and_list(same)} will be replaced." if same else said


def definition_text(one: Definition) -> str:
    """What a definition does, in one line."""
    if isinstance(one, Segments):
        return _segments(one)
    if isinstance(one, Formula):
        return f"= {one.text}"
    if isinstance(one, PotentialBy):
        return _potential(one)
    if isinstance(one, RangeBy):
        return _range(one)
    if isinstance(one, TiersBy):
        return cuts_text(one.cuts, one.measure)
    if isinstance(one, ScoreBy):
        whole = sum(i.weight for i in one.ingredients)
        parts = [
            f"{i.column} {percent(100 * i.weight / whole, 0)}{'' if i.high_is_good else ' (low is good)'}"
            for i in one.ingredients
        ]
        return f"from 0 to 100, by rank: {and_list(parts, 6)}"
    if isinstance(one, LikenessTo):
        return f"0 to 100, how much an account looks like those whose {one.column} is {and_list(list(one.won), 3)}"
    if isinstance(one, WorkloadBy):
        tiers = [f"{t.name} {t.calls:g} × {t.minutes:g} min" for t in one.effort.tiers if t.calls]
        return f"hours a year: calls × (minutes + travel); {one.column} {', '.join(tiers[:5])}"
    return one.why if isinstance(one, UnreadableDefinition) else one.name


def _segments(one: Segments) -> str:
    names = and_list([p.name for p in one.parts], 5)
    by = f" by {one.split}" if one.split else ""
    counted = f"; counted in each: {and_list(list(one.measures), 4)}" if one.measures else ""
    return f"{count(len(one.parts), 'segment')}{by}: {names}{counted}"


def _potential(one: PotentialBy) -> str:
    line = f"the trend of {and_list(list(one.periods), 4)}, {count(one.ahead, 'period')} ahead"
    if one.how == "formula":
        out = f"= {one.formula}"
    elif one.how == "history":
        out = line
    else:
        out = f"{percent(100 * one.weight, 0)} of {one.formula}, {percent(100 * (1 - one.weight), 0)} of {line}"
    return out + (f"; {one.white} = {one.name} − {one.current}" if one.current else "")


def _range(one: RangeBy) -> str:
    if one.how == "columns":
        return f"{one.low} to {one.high} around {one.likely}"
    if one.how == "misses":
        return f"around {one.likely} by what the forecast of {one.periods[-1]} missed"
    return f"{percent(100 * one.below, 0)} below to {percent(100 * one.above, 0)} above {one.likely}"


def cuts_text(cuts: Cuts, measure: str) -> str:
    """Where tiers are cut: "Tier A = top 20% of accounts by Revenue, B up to 50%, C the rest"."""
    whole = f"accounts by {measure}" if cuts.of == "accounts" else measure
    parts = [
        f"Tier {name} = top {percent(100 * share, 0)} of {whole}"
        if k == 0
        else f"{name} up to {percent(100 * share, 0)}"
        for k, (name, share) in enumerate(zip(cuts.names, cuts.shares, strict=False))
    ]
    return f"{', '.join(parts)}, {cuts.names[-1]} the rest"


def measure_origin(found: AppliedRecipe | None, measure: str) -> str:
    """What a measure is and how it was defined, for whoever asks on another page; "" if it is the file's own."""
    one = None if found is None else found.recipe.maker(measure)
    if one is None:
        return ""
    if isinstance(one, Segments):
        part = next((p for p in one.parts if measure.endswith(f" · {p.name}")), None)
        how = "" if part is None else part.rule or f"{part.column} is {and_list(list(part.values), 4)}"
        return f"{measure} counts the segment {part.name if part else one.name} only: {how} (Scores page, {one.name})"
    return f"{measure}, defined on the Scores page: {definition_text(one)}"


def curve_title(curve: pd.DataFrame, measure: str) -> str:
    """What an 80/20 curve shows: "20% of accounts bring 71% of Revenue"."""
    x, y = curve["share of accounts"].to_numpy(), curve["share of sum"].to_numpy()
    if len(x) < 2:
        return f"No account has a {measure} above zero"
    share = float(np.interp(0.2, x, y))
    return f"20% of accounts bring {percent(100 * share, 0)} of {measure}"


def segments_title(names: Sequence[str], sums: Sequence[float], measure: str) -> str:
    """What bars by segment show: which one brings most."""
    known = [0.0 if math.isnan(v) else float(v) for v in sums]
    whole = sum(v for v in known if v > 0)
    if whole <= 0:
        return f"No segment has any {measure}"
    best = int(np.argmax(known))
    return f"{names[best]} has {percent(100 * known[best] / whole, 0)} of {measure} in these {len(names)} segments"


def score_text(found: Scores, row: int, name: str) -> str:
    """Why an account has its score, in a sentence."""
    total = float(found.score[row])
    if math.isnan(total):
        return f"{name} has no score: all its columns are blank"
    told = found.explained(row)
    best = told.iloc[0]
    out = f"{name} scores {total:.1f} of 100, most of it ({best['points']:.1f} points) from {best['column']}"
    place = found.scaled[row][found.names.index(str(best["column"]))]
    if not math.isnan(place):
        out += f", where it ranks above {percent(float(place), 1 if place > 99 else 0)} of accounts"
    return out


def hours_text(hours: float, calls: float, travel: float) -> str:
    """Hours in all, and how they split."""
    if not hours > 0:
        return "No calls yet: enter calls a year for a tier"
    people = max(1, round(hours / HOURS_A_YEAR))
    return (
        f"{short(hours)} hours a year: {short(calls)} for calls and {short(travel)} for travel"
        f" ({percent(100 * travel / hours, 0)}); at {HOURS_A_YEAR:,} hours each, {count(people, 'full-time rep')}"
    )
