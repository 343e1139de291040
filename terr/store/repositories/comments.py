"""Comments on a plan, a territory, a unit or an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from terr.errors import InputError, LocateError
from terr.model.person import Person
from terr.store import schema as t
from terr.store.database import Database
from terr.store.journal import count_change, scenario_row, write_line
from terr.store.repositories.records import clean_text, made_by, moment, now, who

TARGETS = ("plan", "territory", "unit", "account")


@dataclass(frozen=True)
class Comment:
    """One comment.

    Attributes:
        id: unique in its scenario.
        target: one of `TARGETS`; target_id: code of the territory, id of the unit or account, "" for the plan.
        text: what it says; answers: id of the comment it answers, None if it opens a thread.
        by: who; at: UTC.
        resolved_at: None while it is open; resolved_by: who settled it, for a reader.
    """

    id: int
    target: str
    target_id: str
    text: str
    answers: int | None
    by: Person
    at: datetime
    resolved_at: datetime | None
    resolved_by: str


class Comments:
    """Comments on plans."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(
        self,
        scenario_id: str,
        text: str,
        *,
        target: str = "plan",
        target_id: str = "",
        answers: int | None = None,
        by: Person,
    ) -> Comment:
        """Say something about a plan or a part of it.

        Args:
            scenario_id: which plan.
            text: up to 4,000 characters.
            target: one of `TARGETS`; an answer takes that of the comment it answers.
            target_id: code of the territory, id of the unit or account.
            answers: id of the comment it answers.
            by: who says it.

        Raises:
            LocateError: if the scenario or the comment answered isn't found.
            InputError: for an empty or too long text, or a target that isn't one.
        """
        if target not in TARGETS:
            raise InputError(f'"{target}" can\'t be commented on; choose {", ".join(TARGETS)}')
        said = clean_text(text, "comment", 4000, needed=True)
        with self._db.write() as c:
            seq = count_change(c, scenario_id)
            if answers is not None:
                first = self._comment(c, scenario_id, answers)
                target, target_id = first.target, first.target_id
            place = clean_text(target_id, f"id of the {target}", 200, needed=target != "plan")
            row = {"scenario_id": scenario_id, "id": seq, "target": target, "target_id": place, "answers": answers}
            c.execute(insert(t.comments).values(**row, text=said, resolved_by="", **made_by(by)))
            about = "the plan" if target == "plan" else f"{target} {place}"
            write_line(c, scenario_id, seq, "comment", "said", f"Commented on {about}: {said}", by, ref=seq)
            return self._comment(c, scenario_id, seq)

    def resolve(self, scenario_id: str, comment_id: int, *, by: Person, on: bool = True) -> Comment:
        """Settle a comment, or open it again.

        Raises:
            LocateError: if the scenario or the comment isn't found.
        """
        values = {"resolved_at": now() if on else None, "resolved_by": clean_text(by.name, "author", 200) if on else ""}
        with self._db.write() as c:
            self._change_comment(c, scenario_id, comment_id, values, "settled" if on else "reopened", by)
            return self._comment(c, scenario_id, comment_id)

    def delete(self, scenario_id: str, comment_id: int, *, by: Person) -> None:
        """Take a comment off the list; the row stays.

        Raises:
            LocateError: if the scenario or the comment isn't found.
        """
        with self._db.write() as c:
            self._change_comment(c, scenario_id, comment_id, {"deleted_at": now()}, "deleted", by)

    def of(self, scenario_id: str) -> tuple[Comment, ...]:
        """All comments, oldest first.

        Raises:
            LocateError: if the scenario isn't found.
        """
        k = t.comments.c
        query = select(t.comments).where(k.scenario_id == scenario_id, k.deleted_at.is_(None)).order_by(k.id)
        with self._db.read() as c:
            scenario_row(c, scenario_id)
            return tuple(_comment(r) for r in c.execute(query))

    def _change_comment(
        self, c: Connection, scenario_id: str, comment_id: int, values: dict[str, Any], action: str, by: Person
    ) -> None:
        seq = count_change(c, scenario_id)
        before = self._comment(c, scenario_id, comment_id)
        k = t.comments.c
        c.execute(update(t.comments).where(k.scenario_id == scenario_id, k.id == comment_id).values(values))
        text = f"{action.capitalize()} a comment: {before.text}"
        write_line(c, scenario_id, seq, "comment", action, text, by, ref=comment_id)

    def _comment(self, c: Connection, scenario_id: str, comment_id: int) -> Comment:
        k = t.comments.c
        live = select(t.comments).where(k.scenario_id == scenario_id, k.id == comment_id, k.deleted_at.is_(None))
        row = c.execute(live).first()
        if row is None:
            raise LocateError("this comment no longer exists; reload the page")
        return _comment(row)


def _comment(r: Row[Any]) -> Comment:
    at = datetime.fromisoformat(r.at)
    return Comment(r.id, r.target, r.target_id, r.text, r.answers, who(r), at, moment(r.resolved_at), r.resolved_by)
