"""Suggested moves beside the map: the fewest for the whole plan, or the repair of one territory, with the reason."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from terr.model.result import Explanation
from terr.ui.design import split_areas
from terr.ui.jobs import window_jobs
from terr.ui.jobs.watched_job import WatchedJob
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import and_list, count, markdown, percent, sentence, short, unit_noun
from terr.workspace.design import apply_result, causes, certificate, split_plan
from terr.workspace.design.causes import ImbalanceReason
from terr.workspace.plan.snapshot import PlanSnapshot

ADVICE_SECONDS = 8.0
EXPLAIN_SECONDS = 10.0
WHICH = "why"
"""Code of the territory asked about, and a number that makes a new list when it was picked elsewhere."""
_ALL = -1


def suggested_moves_part(shown: PlanSnapshot) -> None:
    """Why territories are outside their limits, and the moves that bring them back."""
    run: WatchedJob | None = state.get("advice")
    if run is not None and run.task.rev != shown.rev:
        drop()
        run = None
    if shown.within and not shown.strays:
        drop()
        st.caption("None needed: every territory is within the limit.")
        return
    reason = _which(shown)
    if reason is not None:
        _repair(shown, reason)
        return
    if run is None:
        run = _begin(shown)
    if run is None:
        return
    window_jobs.collect(run)
    if run.error:
        st.caption(markdown(run.error))
    elif run.result is None:
        st.caption(
            ":material/hourglass_top: Looking for the fewest moves that bring every territory within the limit …"
        )
    else:
        _show(run, shown)


def drop() -> None:
    """Forget the suggestion at hand and stop working on it."""
    window_jobs.end("advice", "explain", "causes")
    state.drop("preview")


def ask_why(code: int) -> None:
    """Tell of one territory, picked in the chart or table; called before the page is drawn."""
    state.put(WHICH, (code, state.get(WHICH, (_ALL, 0))[1] + 1))


def _begin(shown: PlanSnapshot) -> WatchedJob | None:
    task = apply_result.rebalance_task(state.workspace(), shown.info.id)
    if task is None:
        empty = list(shown.table.loc[shown.table["units"] == 0, "territory"])
        st.caption(
            f"Assign some {unit_noun(shown.info.level)} to {markdown(and_list(empty))} to see suggestions, or delete "
            "it."
            if empty
            else "Suggestions need at least two territories."
        )
        return None
    return window_jobs.begin_solver("advice", "rebalance", task, seed=1, time_limit_s=ADVICE_SECONDS)


def _which(shown: PlanSnapshot) -> ImbalanceReason | None:
    """The territory a person wants to know about, None for the plan as a whole."""
    found = _reasons(shown)
    if not found:
        return None
    by_code = {r.code: r for r in found}
    code, nonce = state.get(WHICH, (_ALL, 0))
    names = {_ALL: "The whole plan: fewest moves"} | {
        r.code: f"Why is {r.territory} {percent(100 * r.deviation, signed=True, limit=shown.limit)}?" for r in found
    }
    codes, key = list(names), f"why_pick_{nonce}"
    picked = st.selectbox(
        "What to fix",
        codes,
        index=codes.index(code) if code in names else 0,
        format_func=lambda c: names[c],
        key=key,
        label_visibility="collapsed",
        on_change=lambda: _look_at(int(st.session_state[key]), nonce, {r.code: r.units for r in found}),
    )
    return by_code.get(picked)


def _reasons(shown: PlanSnapshot) -> tuple[ImbalanceReason, ...]:
    """Why territories are outside their limits; () until it is known."""
    run: WatchedJob | None = state.get("causes")
    if run is None or run.task.rev != shown.rev:
        task = apply_result.rebalance_task(state.workspace(), shown.info.id)
        if task is None:
            return ()
        run = window_jobs.begin_solver("causes", "causes", task, seed=1, assign=task.assign)
    window_jobs.collect(run)
    return causes.reasons_of(state.workspace(), shown, run.task, run.result or ())


def _look_at(code: int, nonce: int, units: dict[int, tuple[int, ...]]) -> None:
    if nonce != state.get(WHICH, (_ALL, 0))[1]:
        return  # of a list that was replaced meanwhile
    state.put(WHICH, (code, nonce))
    state.drop("preview", "marked")
    if marked := units.get(code):
        state.mark(marked)
    state.put("redraw", True)


def _repair(shown: PlanSnapshot, reason: ImbalanceReason) -> None:
    st.markdown(markdown(sentence(reason.sentence)))
    st.caption(markdown(sentence(reason.repair_sentence)))
    _list(shown, reason.moves)
    if reason.units and not reason.moves:
        st.button(
            "Show on map",
            key="show_reason",
            icon=":material/my_location:",
            width="stretch",
            on_click=_show_units,
            args=(reason.units,),
        )
        if reason.deviation > 0 and (large := split_plan.units_offer(shown.units, reason.units)):
            split_areas.split_button(st, shown.info.id, large, key="split_reason", width="stretch")
    if reason.moves:
        _buttons(reason.moves, "repair", _apply_repair, (reason,))


def _apply_repair(reason: ImbalanceReason) -> None:
    run: WatchedJob | None = state.get("causes")
    if run is None or reason.assign is None:
        return
    after, task = apply_result.ImportedAssignment(reason.assign), run.task
    _after(
        attempt(lambda: apply_result.apply_moves(state.workspace(), task, after, author=state.author())),
        "The fix is",
    )


def _show(run: WatchedJob, shown: PlanSnapshot) -> None:
    result = run.result
    found = apply_result.suggestions(state.workspace(), run.task, result)
    told = causes.on_the_plan(run.task, shown, result.explanations)
    if not found:
        st.caption("No move would bring this plan closer to its limit while every territory stays in one piece.")
        explanations_list(_deeper(run, shown) or told, most=2)
        return
    total = sum(m.load for m in found)
    joins = f" · joins {count(len(shown.strays), 'disconnected area')}" if shown.strays else ""
    n = shown.unassigned_units
    fills = f" · assigns {n:,} {unit_noun(shown.info.level, n)}" if n else ""
    st.markdown(
        markdown(
            f"{count(len(found), 'move')} · {short(total, shown.currency)} of {shown.measure} · max deviation "
            f"{percent(100 * shown.max_deviation, limit=shown.limit)} → "
            f"{percent(100 * result.max_deviation[0], limit=shown.limit)}{joins}{fills}"
        )
    )
    _list(shown, found)
    if proof := certificate.repair_sentence(result):
        st.caption(f":material/verified: {markdown(proof)}")
    if result.status == "limit_broken":
        explanations_list(_deeper(run, shown) or told, most=1)
    _buttons(found, "moves", _apply_moves, (run,))


def _deeper(run: WatchedJob, shown: PlanSnapshot) -> tuple[Explanation, ...]:
    """Why the limits can't be met, worked out in the background once; () until it is known."""
    deep: WatchedJob | None = state.get("explain")
    if deep is None or deep.task is not run.task:
        deep = window_jobs.begin_solver(
            "explain", "explain", run.task, seed=1, time_limit_s=EXPLAIN_SECONDS, assign=run.result.assign
        )
    window_jobs.collect(deep)
    return causes.on_the_plan(run.task, shown, deep.result or ())


def explanations_list(told: Sequence[Explanation], *, most: int) -> None:
    """The first few explanations in sight, the others on demand, each with a way to see its units."""
    for at, one in enumerate(told[:most]):
        _explained(one, at)
    if len(told) > most:
        with st.popover(f"{len(told) - most} more", icon=":material/help:"):
            for at, one in enumerate(told[most:], start=most):
                _explained(one, at)


def _explained(one: Explanation, at: int) -> None:
    if not one.units:
        st.caption(markdown(sentence(one.message)))
        return
    text, show = st.columns([4, 1], vertical_alignment="center")
    text.caption(markdown(sentence(one.message)))
    show.button(
        "",
        key=f"show_units_{at}",
        icon=":material/my_location:",
        help="Show these on the map",
        on_click=_show_units,
        args=(one.units,),
        width="stretch",
    )


def _show_units(units: Sequence[int]) -> None:
    state.mark(units)
    state.put("redraw", True)


def _list(shown: PlanSnapshot, moves: Sequence[apply_result.MoveSuggestion]) -> None:
    lines = [
        f"- {markdown(f'{m.unit}: {m.origin} → {m.target} · {short(m.load, shown.currency)}')} "
        f"· {markdown(certificate.points_text(m.effect))}"
        for m in moves[:3]
    ]
    if len(moves) > 3:
        lines.append(f"- and {len(moves) - 3} more")
    if lines:
        st.markdown("\n".join(lines))


def _buttons(
    moves: Sequence[apply_result.MoveSuggestion], key: str, apply_them: object, args: tuple[object, ...]
) -> None:
    look, apply = st.columns(2)
    on = state.get("preview") is not None
    look.button(
        "Hide" if on else "Preview",
        width="stretch",
        on_click=_toggle,
        args=([(m.code, m.to) for m in moves],),
        key=f"preview_{key}",
    )
    apply.button("Apply", type="primary", width="stretch", on_click=apply_them, args=args, key=f"apply_{key}")  # type: ignore[arg-type]


def _toggle(pairs: list[tuple[int, int]]) -> None:
    if state.get("preview") is None:
        state.put("preview", pairs)
        state.drop("marked")
        state.fly_to([u for u, _ in pairs])
    else:
        state.drop("preview")
    state.put("redraw", True)


def _apply_moves(run: WatchedJob) -> None:
    done = attempt(lambda: apply_result.apply_moves(state.workspace(), run.task, run.result, author=state.author()))
    _after(done, "Suggested moves")


def _after(done: object, what: str) -> None:
    drop()
    state.drop("marked")
    ask_why(_ALL)
    if done is not None:
        state.at_revision(done.rev)  # type: ignore[attr-defined]
        state.say(f"{what} applied. Undo reverses {'it' if what.endswith('is') else 'them'}.")
    state.put("redraw", True)


def outside(shown: PlanSnapshot, code: int) -> bool:
    """Whether a territory is outside the plan's limit."""
    row = shown.table[shown.table["code"] == code]
    return not bool(shown.inside(row["deviation"]).all())
