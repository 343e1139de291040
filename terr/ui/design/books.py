"""Beside the map of a plan of books: suggested moves of accounts, previewed and applied like any others."""

from __future__ import annotations

import streamlit as st

from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import count, markdown, percent, short
from terr.workspace.books import suggested_moves
from terr.workspace.books.suggested_moves import BookMoves
from terr.workspace.plan.snapshot import PlanSnapshot

_LISTED = 6


def book_moves_part(shown: PlanSnapshot) -> None:
    """The fewest moves found that even out the books, with what they change."""
    kept: BookMoves | None = state.get("book_moves")
    if kept is None or kept.rev != shown.rev or state.get("book_moves_of") != shown.info.id:
        kept = suggested_moves.suggested(shown)
        state.put("book_moves", kept)
        state.put("book_moves_of", shown.info.id)
        state.drop("preview")
    if kept is None:
        st.caption("Suggestions need at least two books that aren't locked. Generate some, or make one with New.")
        return
    if kept.free:
        st.caption(f"{count(kept.free, 'account')} without a territory: Generate divides them all at once.")
    if not kept.moves:
        done = kept.after <= shown.info.tolerance
        st.caption(
            "None needed: every book is within the limit."
            if done
            else "No move of a single account would bring the books closer to the limit."
        )
        return
    load = short(sum(m.load for m in kept.moves), shown.currency)
    a, b = (percent(100 * v, limit=shown.limit) for v in (kept.before, kept.after))
    st.markdown(
        markdown(f"{count(len(kept.moves), 'move')} · {load} of {shown.measure} · max deviation of the books {a} → {b}")
    )
    lines = [
        f"- {markdown(f'{m.account}: {m.origin} → {m.target} · {short(m.load, shown.currency)}')}"
        for m in kept.moves[:_LISTED]
    ]
    if len(kept.moves) > _LISTED:
        lines.append(f"- and {len(kept.moves) - _LISTED:,} more")
    st.markdown("\n".join(lines))
    look, go = st.columns(2)
    look.button(
        "Hide" if state.get("preview") is not None else "Preview",
        width="stretch",
        on_click=_toggle,
        args=(kept,),
        key="preview_books",
    )
    go.button("Apply", type="primary", width="stretch", on_click=_apply, args=(shown.info.id, kept), key="apply_books")


def _toggle(found: BookMoves) -> None:
    if state.get("preview") is None:
        state.put("preview", [(m.unit, m.to) for m in found.moves])
        state.drop("marked")
        state.fly_to([m.unit for m in found.moves])
    else:
        state.drop("preview")
    state.put("redraw", True)


def _apply(sid: str, found: BookMoves) -> None:
    done = attempt(lambda: suggested_moves.apply(state.workspace(), sid, found, author=state.author()))
    state.drop("preview", "marked", "book_moves")
    if done is not None:
        state.at_revision(done.rev)
        state.say("Suggested moves applied. Undo reverses them.")
    state.put("redraw", True)
