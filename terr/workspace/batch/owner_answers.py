"""Answers about today's owners on a command line: the questions the page asks before it starts as owned today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from terr.errors import InputError
from terr.matching.owners import OwnerQuestion, owners_of
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.report.safe import shown
from terr.workspace.accounts.decisions_file import Decisions

PREFIX = "owners:"
"""What the keys of these questions begin with, among those a file leaves open."""


def set_apart(decisions: Decisions) -> tuple[Decisions, dict[str, str]]:
    """The decisions about the file, and the answers about its owners by the keys of their questions."""
    about = {k.removeprefix(PREFIX): v for k, v in decisions.answers.items() if k.startswith(PREFIX)}
    rest = {k: v for k, v in decisions.answers.items() if not k.startswith(PREFIX)}
    return replace(decisions, answers=rest), about


def check_owner_answers(asked: Sequence[OwnerQuestion], answers: Mapping[str, str]) -> None:
    """Refuse answers nobody asked for, or that are no choice.

    Raises:
        InputError: says what is asked, or what the choices are.
    """
    choices = {q.key: q.choices for q in asked}
    for key, value in answers.items():
        if key not in choices:
            what = ", ".join(shown(f"{PREFIX}{k}") for k in choices) or "nothing"
            raise InputError(f"there is no question {shown(f'{PREFIX}{key}')}; the questions about owners: {what}")
        if value not in choices[key]:
            told = ", ".join(choices[key])
            raise InputError(f"{shown(value)} is not an answer to {shown(f'{PREFIX}{key}')}; choose {told}")


def open_owner_questions(
    accounts: Accounts, reps: Sequence[Rep], answers: Mapping[str, str], column: str
) -> list[dict[str, Any]]:
    """What is asked about the owners, as JSON of the same keys as what a file leaves open.

    Args:
        accounts, reps: whose owners, and the roster.
        answers: by key; column: of the owners, "" if there is none.

    Raises:
        InputError: for an answer nobody asked for, or that is no choice.
    """
    asked = owners_of(accounts, reps, answers).questions if column else ()
    check_owner_answers(asked, answers)
    return [
        {
            "key": f"{PREFIX}{q.key}",
            "code": "owners",
            "column": column,
            "title": q.text,
            "examples": [],
            "choices": [
                {"value": v, "title": t, "rows": None, "money": {}, "accounts": None} for v, t in q.choices.items()
            ],
            "default": next(iter(q.choices)),
            "why": "it is the usual answer",
            "rows_looked_at": len(accounts),
            "answer": answers.get(q.key, next(iter(q.choices))),
            "answered": q.key in answers,
        }
        for q in asked
    ]
