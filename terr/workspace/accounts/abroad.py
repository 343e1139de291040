"""Accounts that look to lie outside the USA: asked about once, with rows, money and what gives them away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest import ColumnMap, Question, QuestionChoice, RawTable, questions
from terr.ingest.cleaning.clean import shorten
from terr.ingest.cleaning.countries import row_countries
from terr.ingest.cleaning.tidy import Cells
from terr.ingest.columns.answers import figures_of, mapped, shaped
from terr.ingest.columns.asking import LOOKED_AT
from terr.locate import NEEDS, locate
from terr.locate.abroad import four_digits, in_territory, looks_abroad
from terr.model.progress import UNWATCHED, Progress
from terr.places.countries import GUESS, HOME, SOME, country_name

KEY = "abroad:"
ABROAD, USA = "abroad", "usa"
_EXAMPLES = 5
_SOUTH_OF_HAWAII = 18.9
"""Degrees north: no point of the 50 states lies south of it, nor one of Puerto Rico or the Virgin Islands north."""
_FIELDS = ("zip", "city", "state")


def all_questions(
    raw: RawTable,
    columns: ColumnMap,
    answers: Mapping[str, str] | None = None,
    *,
    progress: Progress = UNWATCHED,
) -> tuple[Question, ...]:
    """What a file leaves open: `terr.ingest.columns.questions.questions`, and whether some of it lies abroad.

    Raises:
        StoppedError: if the person stopped it.
    """
    asked = questions(raw, columns, answers, progress=progress.part(0.0, 0.8))
    progress.tell(0.8, "checking for questions")
    if KEY in (answers or {}):
        return asked
    given = answers or {}
    return (*asked, *_abroad(shaped(raw, given), mapped(columns, given), given))


def with_countries(frame: pd.DataFrame, said: NDArray[np.object_], answers: Mapping[str, str]) -> NDArray[np.object_]:
    """The country of accounts as far as it is known, "" for the others.

    Args:
        frame: accepted accounts, not located yet.
        said: two letters per account as the file says, "" where it doesn't.
        answers: a person's; without one, what looks abroad is taken to be, and the code is marked as a guess.
    """
    out = np.asarray(said, dtype=object).copy()
    lat, lon = (frame[c].to_numpy(np.float64) for c in ("lat", "lon"))
    pointless = ~(np.isfinite(lat) & np.isfinite(lon))
    islands = in_territory(frame["zip"], frame["state"])
    home = (out == "") | (out == HOME)
    rows = np.flatnonzero(home & (islands != "") & (pointless | (lat < _SOUTH_OF_HAWAII) | (lon > 0)))
    out[rows] = islands[rows]
    open_ = np.flatnonzero((said == "") & (out == "") & pointless)
    if not len(open_):
        return out
    fields = [frame[f].iloc[open_] for f in _FIELDS]
    found = looks_abroad(*fields)
    four, codes, known = four_digits(*fields)
    if known < codes or answers.get(KEY) in {ABROAD, USA}:
        found[four & (found == "")] = SOME
    mark = "" if answers.get(KEY) == ABROAD else GUESS
    out[open_] = np.where(found != "", HOME if answers.get(KEY) == USA else found + mark, "")
    return out


def _abroad(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> tuple[Question, ...]:
    if not {"zip", "city"} & set(columns.fields):
        return ()
    cells = Cells(raw)
    blank = pd.Series("", index=range(len(raw.rows)), dtype="str")
    frame = pd.DataFrame({f: cells[columns.fields[f]] if f in columns.fields else blank for f in _FIELDS})
    said = row_countries(raw, columns, cells)
    pointed = np.zeros(len(frame), dtype=np.bool_)
    if "latitude" in columns.fields:
        pointed = np.asarray(cells[columns.fields["latitude"]] != "", dtype=np.bool_)
    open_ = np.flatnonzero((said == "") & ~pointed)
    looks, codes, known = np.full(len(frame), "", dtype=object), 0, 0
    if len(open_):
        fields = [frame[f].iloc[open_] for f in _FIELDS]
        looks[open_] = looks_abroad(*fields)
        four, codes, known = four_digits(*fields)
        looks[open_[four & (looks[open_] == "")]] = SOME
    at = np.flatnonzero(looks != "")
    if not len(at):
        return ()
    some = frame.iloc[at].reset_index(drop=True).reindex(columns=list(NEEDS), fill_value="")
    placed = locate(some.assign(lat=np.nan, lon=np.nan))
    matters = at[(placed["located_by"] != "unlocated").to_numpy()]
    if not len(matters):  # nothing would come to lie on the map whatever the answer
        return ()
    money = {}
    for measure, column in columns.measures.items():
        read = figures_of(raw, columns, column, answers, rows=matters)
        money[measure] = float(np.nansum(read.amounts))
    countries_found = [c for c, _ in Counter(looks[matters].tolist()).most_common(3)]
    named = ", ".join(country_name(c) for c in countries_found)
    cells_of = [frame.iloc[k] for k in matters[:_EXAMPLES].tolist()]
    examples = tuple(
        (int(raw.source_rows[k]), shorten(f"{', '.join(c for c in cell if c)} ({country_name(looks[k])}?)"))
        for k, cell in zip(matters[:_EXAMPLES].tolist(), cells_of, strict=True)
    )
    rows = "row looks" if len(matters) == 1 else "rows look"
    title = f"No country is given, and {len(matters):,} {rows} like {named} rather than the USA. Where are they?"
    default, why = ABROAD, "their cities are known abroad, and not where their ZIP or state would put them"
    if set(countries_found) == {SOME}:
        title = (
            "No country or state is given, and all codes have four digits, as in Australia, Denmark, Norway and "
            "Switzerland. Where are they?"
        )
        default = ABROAD if known < codes else USA
        why = f"{known:,} of {codes:,} different codes would be ZIPs that lost their first zero"
    return (
        Question(
            "abroad",
            "",
            title,
            examples,
            (
                QuestionChoice(ABROAD, "outside the USA: none of them on the map", 0, dict.fromkeys(money, 0.0)),
                QuestionChoice(USA, "in the USA: all on the map, by ZIP or by city and state", len(matters), money),
            ),
            default,
            why,
            min(len(raw.rows), LOOKED_AT),
        ),
    )
