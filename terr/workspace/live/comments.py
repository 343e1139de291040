"""Comments on a plan, a territory, a unit or an account: what they are about, who may say, settle and delete them."""

from __future__ import annotations

from dataclasses import dataclass

from terr.errors import InputError, LocateError, RoleError, TerrError
from terr.model.person import ROLES, Person
from terr.store import Comment
from terr.view.text import unit_noun
from terr.workspace.access.roles import may
from terr.workspace.live.proposals import is_own
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.workspace import Workspace

_MOST_NAMED = 5


@dataclass(frozen=True)
class CommentThread:
    """A comment with its answers, oldest first."""

    first: Comment
    answers: tuple[Comment, ...]

    @property
    def settled(self) -> bool:
        """Whether somebody settled it."""
        return self.first.resolved_at is not None


def threads(ws: Workspace, scenario_id: str) -> tuple[CommentThread, ...]:
    """All comments on a plan, each with its answers, oldest first.

    Raises:
        LocateError: if the scenario isn't found.
    """
    every = ws.store.comments.of(scenario_id)
    return tuple(
        CommentThread(one, tuple(c for c in every if c.answers == one.id)) for one in every if one.answers is None
    )


def say(
    ws: Workspace,
    scenario_id: str,
    text: str,
    *,
    target: str = "plan",
    target_id: str = "",
    answers: int | None = None,
    by: Person,
) -> Comment:
    """Say something; see `Comments.add`.

    Raises:
        RoleError: if they may not.
        InputError: for an empty text.
    """
    may(ws, scenario_id, by, "comment")
    return ws.store.comments.add(scenario_id, text, target=target, target_id=target_id, answers=answers, by=by)


def resolve(ws: Workspace, scenario_id: str, comment_id: int, *, by: Person, on: bool = True) -> Comment:
    """Settle a comment, or open it again.

    Raises:
        RoleError: if they may not.
        LocateError: if it is gone.
    """
    may(ws, scenario_id, by, "comment")
    return ws.store.comments.resolve(scenario_id, comment_id, by=by, on=on)


def delete(ws: Workspace, scenario_id: str, comment_id: int, *, by: Person) -> None:
    """Delete one's own comment, or as the plan's owner any.

    Raises:
        RoleError: if it is somebody else's.
        LocateError: if it is gone.
    """
    role = may(ws, scenario_id, by, "comment")
    found = next((c for c in ws.store.comments.of(scenario_id) if c.id == comment_id), None)
    if found is None:
        raise LocateError("this comment no longer exists; reload the page")
    if not is_own(found.by, by) and not (by.user_id and role == ROLES[-1]):
        raise RoleError("only the person who wrote a comment can delete it; resolve it instead")
    ws.store.comments.delete(scenario_id, comment_id, by=by)


def about(shown: PlanSnapshot, comment: Comment) -> str:
    """What a comment is about, for a reader."""
    where = comment.target_id
    if comment.target == "territory":
        code = int(where) if where.isdecimal() else -1
        return shown.plan.territory(code).name if code in shown.plan.codes else "a deleted territory"
    if comment.target == "unit":
        code = shown.units.codes().get(where, -1)
        return str(shown.units.names[code]) if code >= 0 else where
    if comment.target == "account":
        rows = shown.accounts.frame.loc[shown.accounts.frame["account_id"] == where, "name"]
        return str(rows.iloc[0]) if len(rows) and str(rows.iloc[0]) else where
    return "the plan"


def unit_named(shown: PlanSnapshot, text: str) -> str:
    """Id of the unit with this name or code.

    Raises:
        InputError: if there is none, or several.
    """
    wanted, codes = text.strip().casefold(), shown.units.codes()
    exact = [i for i in codes if i.casefold() == wanted]
    if exact:
        return exact[0]
    names = [str(n) for n in shown.units.names]
    ids = list(codes)
    hits = [i for i, n in zip(ids, names, strict=True) if n.casefold() == wanted]
    hits = hits or [i for i, n in zip(ids, names, strict=True) if n.casefold().split(",")[0] == wanted]
    return _only(hits, text, unit_noun(shown.info.level, 1), [names[codes[i]] for i in hits])


def account_named(shown: PlanSnapshot, text: str) -> str:
    """Id of the account with this name or id.

    Raises:
        InputError: if there is none, or several.
    """
    frame, wanted = shown.accounts.frame, text.strip().casefold()
    ids = frame["account_id"].astype(str)
    exact = ids[ids.str.casefold() == wanted]
    if len(exact):
        return str(exact.iloc[0])
    names = frame["name"].astype(str)
    hits = frame[names.str.casefold() == wanted]
    if not len(hits):
        hits = frame[names.str.casefold().str.contains(wanted, regex=False)] if wanted else hits
    told = [f"{n} ({i})" for n, i in zip(hits["name"], hits["account_id"], strict=True)]
    return _only([str(i) for i in hits["account_id"]], text, "account", told)


def _only(found: list[str], text: str, word: str, names: list[str]) -> str:
    if not text.strip():
        raise InputError(f"enter the {word} the comment is about: its name or ID")
    if not found:
        raise InputError(f'no {word} here is called "{text.strip()}"; check the spelling or type its ID')
    if len(found) > 1:
        more = " ..." if len(found) > _MOST_NAMED else ""
        raise InputError(f'several fit "{text.strip()}": {", ".join(names[:_MOST_NAMED])}{more}; type the ID')
    return found[0]


def may_do(ws: Workspace, scenario_id: str, person: Person, action: str) -> bool:
    """Whether somebody may do something, for buttons."""
    try:
        may(ws, scenario_id, person, action)
    except TerrError:
        return False
    return True
