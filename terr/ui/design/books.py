"""Generate for books of accounts, and the moves of accounts suggested beside the map."""

from __future__ import annotations

from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.model.progress import Progress
from terr.ui.design.suggested_moves import explanations_list
from terr.ui.jobs import window_jobs
from terr.ui.jobs.watched_job import WatchedJob
from terr.ui.session import dialogs, state
from terr.ui.session.errors import attempt
from terr.view.text import count, distinct, markdown, percent, sentence, short
from terr.workspace.access import distances
from terr.workspace.books import designing, suggested_moves, trade_off
from terr.workspace.books.designing import KEEP, BookDesign, BookRequest, BookTask
from terr.workspace.books.families import has_families
from terr.workspace.books.suggested_moves import BookMoves
from terr.workspace.design import preview_text
from terr.workspace.plan.new_plan import usable_measures
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.reps.assignment import needs_of, people_settings

RUN = "book_design"
_LISTED = 6


@st.dialog("Generate books", width="medium", on_dismiss=dialogs.close)
def generate() -> None:
    """Ask for layer, number, measure, limit and reps; start the design."""
    ws, sid = state.workspace(), str(state.get("scenario"))
    shown = plan_snapshot(ws, sid)
    layers = designing.book_layers(shown)
    if not layers:
        st.info("No account is in a layer of books.", icon=":material/info:")
        return
    layer = next(iter(layers))
    if len(layers) > 1:
        layer = int(st.selectbox("Layer", list(layers), format_func=layers.__getitem__, key="books_layer"))
    left, right = st.columns(2)
    k = left.number_input("Number of books", 1, 500, designing.suggested_books(shown, layer), key=f"books_k_{layer}")
    limit = right.number_input(
        "Limit (± %)", 0.1, 100.0, float(round(100 * shown.info.tolerance, 1)), 0.5, key="books_limit"
    )
    measures = usable_measures(shown.accounts, keep=shown.measure)
    measure = left.selectbox("Measure to balance", measures, index=measures.index(shown.measure), key="books_measure")
    names = distinct({r.rep_id: r.name for r in shown.team})
    chosen = right.multiselect(
        "Draw around reps' homes (optional)",
        list(names),
        format_func=names.__getitem__,
        key="books_reps",
        placeholder="No reps" if shown.reps else "No roster yet (Reps page)",
    )
    keep = st.select_slider(
        "Keep today's books", list(KEEP), "Off", key="books_keep", help="How important it is that accounts stay"
    )
    with st.expander("More: further measures, limits, families, skills, distance"):
        more = _more(shown, str(measure), measures)
    try:
        request = BookRequest(
            layer=layer,
            books=int(k),
            measure=str(measure),
            tolerance=float(limit) / 100,
            reps=tuple(r for r in shown.reps if r.rep_id in chosen),
            keep=str(keep),
            **more,
        )
        task = designing.book_task(ws, sid, request)
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    goal = short(float(task.problem.targets[:, 0].mean()), dict(shown.accounts.currency).get(str(measure), ""))
    st.markdown(
        markdown(
            f"{count(len(task.rows), 'account')} of the layer {layers[layer]} into {count(len(task.codes), 'book')} of "
            f"about {goal} {measure} each (±{percent(float(limit))}), each near its middle"
            + (" or the rep's home." if chosen else ".")
        )
    )
    for warning in task.warnings:
        st.caption(f":material/warning: {markdown(warning)}")
    st.caption("Preview first, then apply or discard.")
    if st.button("Generate", type="primary", icon=":material/auto_awesome:", key="books_go"):
        _start(task)
        dialogs.close()
        st.rerun()


def _more(shown: PlanSnapshot, measure: str, measures: list[str]) -> dict[str, Any]:
    """Fields of a request behind More."""
    also = st.multiselect("Also balance", [m for m in measures if m != measure], key="books_also")
    limits, floors, caps = [], [], []
    for m in (measure, *also):
        a, b, c = st.columns(3, vertical_alignment="bottom")
        if m == measure:
            a.caption(f"{markdown(m)}: limit above")
        else:
            wide = a.number_input(f"{markdown(m)} (± %)", 0.1, 100.0, 10.0, 0.5, key=f"books_limit_{m}")
            limits.append((m, float(wide) / 100))
        least = b.number_input(f"Least {markdown(m)} of a book", 0.0, None, None, key=f"books_floor_{m}")
        top = c.number_input(f"Most {markdown(m)} of a book", 0.0, None, None, key=f"books_cap_{m}")
        floors += [] if least is None else [(m, float(least))]
        caps += [] if top is None else [(m, float(top))]
    a, b, c = st.columns(3)
    fewest = a.number_input("Fewest accounts", 0, None, None, key="books_fewest")
    most = b.number_input("Most accounts", 1, None, None, key="books_most")
    miles = distances.miles(state.workspace().root)
    far = c.number_input(
        f"Largest distance ({'miles' if miles else 'km'})",
        0.1,
        None,
        None,
        key="books_far",
        help="From a rep's home, or from the middle of the book. Empty: any distance.",
    )
    kin = has_families(shown.accounts)
    together = st.checkbox(
        "Keep families together",
        disabled=not kin,
        key="books_families",
        help="Accounts of one parent go to one book"
        if kin
        else 'No column names parents of accounts; name it "Parent Account ID"',
    )
    needs = needs_of(shown, people_settings(shown.info))
    skilled = st.checkbox(
        f"Require skills ({count(len(needs), 'need')} from page Reps)",
        disabled=not needs,
        key="books_skills",
        help="; ".join(f"{markdown(s)} needs {markdown(k)}" for s, k in list(needs.items())[:6])
        or "Say on page Reps which segment needs which skill",
    )
    return {
        "also": tuple(limits),
        "floors": tuple(floors),
        "caps": tuple(caps),
        "fewest": None if fewest is None else int(fewest),
        "most": None if most is None else int(most),
        "most_km": preview_text.kilometers(far, miles=miles),
        "families": bool(together),
        "needs": tuple(needs.items()) if skilled else (),
    }


def _start(task: BookTask) -> None:
    state.put("book_request", task.request)
    window_jobs.end("advice", "causes", "explain", "trade", "design")
    state.drop("proposal", "marked", "preview")

    def body(progress: Progress) -> BookDesign:
        return designing.solve(task, progress=progress)

    window_jobs.begin_thread(RUN, body)


def show_design(run: WatchedJob) -> None:
    """A design of books while it runs, and as a preview to apply or drop."""
    st.markdown("**Generating books**" if run.result is None else "**Generated books (preview)**")
    if window_jobs.show(RUN, stop="Stop and use the best so far", close=True):
        return
    design: BookDesign = run.result
    if state.get("proposal") is None:
        try:
            state.put("proposal", designing.preview(state.workspace(), design))
        except TerrError as error:
            run.error = str(error)
        st.rerun()
    proposal: PlanSnapshot = state.get("proposal")
    explanations_list(design.explanations(), most=2)
    found = design.result
    changed = int(found.changed.sum())
    st.markdown(
        markdown(
            f"Max deviation {percent(100 * proposal.max_deviation, limit=proposal.limit)}, {count(changed, 'account')} "
            f"of another book than today, found in {found.runtime_s:.1f} s."
        )
    )
    st.caption(f":material/verified: {markdown(design.sentence)}")
    apply, drop = st.columns(2)
    apply.button(
        "Apply", type="primary", width="stretch", on_click=_apply_design, args=(design, proposal.rev), key="books_apply"
    )
    drop.button("Drop", width="stretch", on_click=_drop_design, key="books_drop")


def _apply_design(design: BookDesign, rev: int) -> None:
    done = attempt(lambda: designing.apply(state.workspace(), design, rev, author=state.author()))
    if done is not None:
        _drop_design()
        state.at_revision(done.rev)
        state.say("Books applied. Undo brings the earlier ones back; each account's card says why it is there.")
    state.put("redraw", True)


def _drop_design() -> None:
    window_jobs.end(RUN)
    state.drop("proposal", "marked")
    state.put("redraw", True)


def book_trade_part(shown: PlanSnapshot) -> None:
    """Balance against change: today's books counting nothing to most, each a preview to apply."""
    ws, sid = state.workspace(), shown.info.id
    request: BookRequest | None = state.get("book_request")
    if request is None or request.layer not in designing.book_layers(shown):
        request = trade_off.usual_request(shown)
    if request is None or not (shown.plan.assign >= 0).any():
        st.caption("Generate books first; then see how much balance costs in accounts that move.")
        return
    key = (sid, shown.rev, shown.data, request)
    if state.get("book_trade_asked") != key:
        st.caption(
            f"{count(request.books, 'book')}, {markdown(request.measure)} ±{percent(100 * request.tolerance)}: how "
            "much has to move for better balance and less travel."
        )
        st.button(
            "Run", key="book_trade_go", icon=":material/balance:", on_click=state.put, args=("book_trade_asked", key)
        )
        return
    asked = request
    found = window_jobs.worked_out("book_trade", key, lambda p: trade_off.trade_off(ws, sid, asked, p))
    if found is None:
        return
    rows = trade_off.trade_rows(found, request.measure, miles=distances.miles(ws.root))
    st.dataframe(rows, hide_index=True, width="stretch", key="book_trade")
    for column, one in zip(st.columns(len(found)), found, strict=True):
        column.button(
            markdown(one.keep),
            key=f"book_trade_{one.keep}",
            width="stretch",
            help="Preview these books; then apply or discard",
            on_click=_look_at,
            args=(one.design,),
        )


def _look_at(design: BookDesign) -> None:
    state.drop("proposal", "marked", "preview")
    window_jobs.begin_thread(RUN, lambda _: design)
    state.put("redraw", True)


def book_proof_part(shown: PlanSnapshot) -> None:
    """What was proven of the books when they were generated."""
    proof, current = trade_off.book_proof(state.workspace(), shown)
    if proof is None:
        st.caption("Generate books to have it proven how far they can be from the best there is.")
        return
    st.markdown(f":material/verified: {markdown(proof.sentence)}" if current else f"~~{markdown(proof.sentence)}~~")
    if not current:
        st.caption("The books were changed since. Generate them again for a proof of the books as they are.")
    if proof.objective is not None and proof.bound is not None:
        st.caption(
            markdown(
                f"Layer {proof.layer}: travel and changes {proof.objective:,.0f} km, no books below {proof.bound:,.0f} "
                f"km. {proof.model}; {proof.solver}."
            )
        )


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
