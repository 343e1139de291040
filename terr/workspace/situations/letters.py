"""A letter for each rep an option changes something for: what you gain, what you hand over, to whom, from when."""

from __future__ import annotations

import io
import re
import zipfile

import pandas as pd

from terr.errors import InputError
from terr.view.text import count, date_text, markdown, short
from terr.workspace.situations.option import PersonChange, SituationOption

KINDS = {"md": "Markdown", "txt": "Plain text (opens in Word)"}
MOST = 2_000
"""Accounts a letter lists; more are said in a number, and stand in the file of changes."""
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def letters(option: SituationOption, kind: str = "md") -> dict[str, str]:
    """File name -> text, one letter for each who gains or hands over something; largest change first.

    Args:
        option: whose changes.
        kind: one of `KINDS`.

    Raises:
        InputError: for another kind.
    """
    if kind not in KINDS:
        raise InputError(f'letters can\'t be made as "{kind}"; choose {" or ".join(KINDS)}')
    changes = option.changes.assign(was=option.before_keys[option.rows], now=option.after_keys[option.rows])
    out: dict[str, str] = {}
    for n, person in enumerate(option.figures.people, start=1):
        stem = re.sub(r"[^A-Za-z0-9]+", "-", person.name).strip("-").lower()[:40] or "rep"
        out[f"{n:02d}-{stem}.{kind}"] = letter(option, person, changes, kind)
    return out


def letter(option: SituationOption, person: PersonChange, changes: pd.DataFrame, kind: str) -> str:
    """One letter.

    Args:
        option: whose changes; person: to whom.
        changes: of the option, with columns `was` and `now`, the keys of whose each account was and is.
        kind: one of `KINDS`.
    """
    gains, gives = changes[changes["now"] == person.key], changes[changes["was"] == person.key]
    text = _Text(kind)
    text.title(f"Your accounts from {date_text(option.first)}")
    text.line(f"Dear {text.safe(person.name)},")
    if option.last is not None:
        back = "Until then you keep them for somebody else" if len(gains) else "Others look after them until then"
        text.line(f"This holds from {date_text(option.first)} until {date_text(option.last)}. {back}.")
    else:
        text.line(f"This holds from {date_text(option.first)}.")
    measure, money = option.ground.measure, option.ground.currency
    for heading, rows, side, load in (
        ("What you gain", gains, "from", person.gained_load),
        ("What you hand over", gives, "to", person.lost_load),
    ):
        text.heading(heading)
        if rows.empty:
            text.line("Nothing.")
            continue
        text.line(f"{count(len(rows), 'account')} with {short(load, money)} of {text.safe(measure)}:")
        whom = [_whom(option, side, r) for r in rows.to_dict("records")]
        for name in dict.fromkeys(whom):
            part = rows[[w == name for w in whom]]
            text.subheading(f"{'From' if side == 'from' else 'To'} {text.safe(name)} ({count(len(part), 'account')})")
            column = measure if measure in part.columns else None
            for row in part.head(MOST).to_dict("records"):
                amount = f", {short(float(row[column]), money)}" if column else ""
                who = f"{text.safe(str(row['account']))} ({text.safe(str(row['account_id']))})"
                text.item(f"{who}{amount}: {text.safe(str(row['reason']))}")
            if len(part) > MOST:
                text.item(f"and {len(part) - MOST:,} more; the file of changes lists them all")
    return text.whole()


def _whom(option: SituationOption, side: str, row: dict[str, str]) -> str:
    key = row["was"] if side == "from" else row["now"]
    return option.name_of(key) if key else "no territory"


def letters_zip(option: SituationOption, kind: str = "md") -> bytes:
    """All letters in one zip file; the same option gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in letters(option, kind).items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_TIME), text.encode())
    return out.getvalue()


class _Text:
    """Lines of a letter, as Markdown or plain; names are text in both."""

    def __init__(self, kind: str) -> None:
        self._marked = kind == "md"
        self._lines: list[str] = []

    def title(self, words: str) -> None:
        self._add(f"# {words}" if self._marked else words, "" if self._marked else "=" * len(words))

    def heading(self, words: str) -> None:
        self._add("", f"## {words}" if self._marked else words, "" if self._marked else "-" * len(words))

    def subheading(self, words: str) -> None:
        self._add("", f"### {words}" if self._marked else words)

    def line(self, words: str) -> None:
        self._add(words, "")

    def item(self, words: str) -> None:
        self._add(f"- {words}")

    def whole(self) -> str:
        return "\n".join(self._lines).strip() + "\n"

    def safe(self, words: str) -> str:
        """People's text as one line of text; no mark in it is Markdown."""
        flat = "".join(c if c.isprintable() else " " for c in words)
        return markdown(flat) if self._marked else flat

    def _add(self, *lines: str) -> None:
        self._lines += lines
