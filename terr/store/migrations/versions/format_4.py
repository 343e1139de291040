"""Which edit an edit undoes or makes again: until now told by its note, or by nothing but what it does."""

from __future__ import annotations

import re

import numpy as np
import sqlalchemy as sa
from alembic import op

from terr.errors import StoreError
from terr.model.edit import Edit
from terr.store.codec import edit_from_bytes

revision = "4"
down_revision = "3"

_NUMBER = re.compile(r"change (\d+)(?::|$)")
_ON_THE_MAP = "Took back an own edit"  # of the map's key U under others' edits, of the kind of what it undid
_UNNAMED = ("", "me")

_edits = sa.table(
    "edits", *(sa.column(n) for n in ("scenario_id", "id", "parent", "kind", "author", "note", "payload", "of_edit"))
)


def upgrade() -> None:
    """Add the column, and read the notes once."""
    op.add_column("edits", sa.Column("of_edit", sa.Integer, nullable=True))
    c, e = op.get_bind(), _edits.c
    noted = sa.select(e.scenario_id, e.id, e.note).where(e.kind.in_(("takeback", "again")))
    for scenario_id, edit_id, note in c.execute(noted).all():
        found = _NUMBER.match(note)
        if found and int(found[1]) < edit_id:
            _keep(c, scenario_id, edit_id, int(found[1]))
    mapped = sa.select(e.scenario_id, e.id, e.parent, e.author).where(e.note == _ON_THE_MAP)
    known: set[tuple[str, int]] = set()
    for scenario_id, edit_id, parent, author in c.execute(mapped.order_by(e.scenario_id, e.id)).all():
        target = _reversed_by(c, scenario_id, edit_id, parent, author, known)
        if target is not None:
            known.add((scenario_id, target))
            _keep(c, scenario_id, edit_id, target)


def _keep(c: sa.Connection, scenario_id: str, edit_id: int, target: int) -> None:
    e = _edits.c
    c.execute(sa.update(_edits).where(e.scenario_id == scenario_id, e.id == edit_id).values(of_edit=target))


def _reversed_by(
    c: sa.Connection, scenario_id: str, edit_id: int, parent: int | None, author: str, known: set[tuple[str, int]]
) -> int | None:
    """The newest edit of the same person behind this one that it is a part of the reverse of."""
    e, at = _edits.c, parent
    made = _edit(c, scenario_id, edit_id)
    while made is not None and at is not None:
        one = sa.select(e.parent, e.kind, e.author, e.note).where(e.scenario_id == scenario_id, e.id == at)
        parent, kind, who, note = c.execute(one).one()
        if kind == made.kind and who in (author, *_UNNAMED) and note != _ON_THE_MAP and (scenario_id, at) not in known:
            earlier = _edit(c, scenario_id, at)
            if earlier is not None and _within(made, earlier.inverse()):
                return at
        at = parent
    return None


def _edit(c: sa.Connection, scenario_id: str, edit_id: int) -> Edit | None:
    e = _edits.c
    payload = c.execute(sa.select(e.payload).where(e.scenario_id == scenario_id, e.id == edit_id)).scalar_one()
    try:
        return edit_from_bytes(payload)
    except StoreError:  # said when the plan is opened
        return None


def _within(part: Edit, whole: Edit) -> bool:
    """Whether all that `part` does is done by `whole` too."""
    place = {u: n for n, u in enumerate(whole.units.tolist())}
    locks = dict(zip(whole.lock_units.tolist(), whole.lock_after.tolist(), strict=True))
    at = [place.get(u, -1) for u in part.units.tolist()]
    return (
        -1 not in at
        and np.array_equal(whole.before[at], part.before)
        and np.array_equal(whole.after[at], part.after)
        and all(locks.get(u) is on for u, on in zip(part.lock_units.tolist(), part.lock_after.tolist(), strict=True))
    )
