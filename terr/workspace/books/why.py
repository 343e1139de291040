"""Why an account is in its book, and which would be next, each in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from terr.engine import BooksProblem
from terr.engine.books.result import BooksResult, Reason
from terr.model.wording import miles_and_km

COUNT_WORDS = "number of accounts"
_LEAST_KM = 0.05


def why_sentences(
    result: BooksResult, problem: BooksProblem, books: Sequence[str]
) -> tuple[list[str], list[str], list[float]]:
    """Per account why it is where it is, its second best in words, and what that would cost in km.

    Args:
        result: of the engine; problem: it answers.
        books: what each book is called.
    """
    why, second, cost = [], [], []
    for i in range(len(problem)):
        reason = result.reason(i)
        why.append(why_words(reason, problem.measures, books))
        second.append(second_words(reason, books))
        cost.append(reason.second_cost if reason.second >= 0 else float("nan"))
    return why, second, cost


def why_words(reason: Reason, measures: Sequence[str], books: Sequence[str]) -> str:
    """Such as "Books[2] is nearer by 30 miles (48 km), but has no room for more Revenue."."""
    here = books[reason.book]
    rival = books[reason.rival] if reason.rival >= 0 else "another book"
    nearer = f" by {miles_and_km(reason.rival_km)}" if reason.rival_km > _LEAST_KM else ""
    what = COUNT_WORDS if not 0 <= reason.row < len(measures) else measures[reason.row]
    words = {
        "locked": f"A person locked it in {here}.",
        "family": f"It goes with its family, which is in {here}.",
        "only": f"Only {here} has the skills and is near enough.",
        "unable": f"No book has the skills and is near enough; {here} is the least bad.",
        "closest": f"{here} has the least travel to it.",
        "owner": f"It is in {here} today; {rival} is nearer{nearer}, which doesn't outweigh the change.",
        "skill": f"{rival} is nearer{nearer}, but lacks a skill it needs.",
        "range": f"{rival} would be next, but is farther away than allowed.",
        "limit": f"{rival} is nearer{nearer}, but "
        + (f"{here} needs more {what}." if reason.needs_more else f"has no room for more {what}."),
        "tie": f"Nothing tells the books apart for it; in {here} it balances the loads.",
    }
    return words.get(reason.code, f"It is in {here}.")


def second_words(reason: Reason, books: Sequence[str]) -> str:
    """Such as "Second best: East, 12 miles (19 km) more"; "" if there is none."""
    if reason.second < 0:
        return ""
    if reason.second_cost <= _LEAST_KM:
        return f"Second best: {books[reason.second]}, at the same cost"
    return f"Second best: {books[reason.second]}, which costs {miles_and_km(reason.second_cost)} of travel more"
