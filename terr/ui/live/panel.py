"""Together: who is here, proposals to decide on, and comments, beside the map."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.ui.live import window
from terr.ui.live.comments import comments, send
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.ui.session.local_time import local
from terr.view.text import count, markdown, unit_noun
from terr.workspace.access import roles
from terr.workspace.live import comments as plan_comments
from terr.workspace.live import presence, proposals
from terr.workspace.live.proposals import Proposal, ProposalEffect
from terr.workspace.plan.snapshot import PlanSnapshot

TOGETHER = "Together"
SHOWN = "shown_proposal"
HEIGHT = 360
_UNDECIDED = 12


def workshop_part(shown: PlanSnapshot) -> None:
    """All three, one under the other, in a frame that scrolls so that the map stays in sight."""
    with st.container(height=HEIGHT, border=False, key="together"):
        _all(shown)


def _all(shown: PlanSnapshot) -> None:
    """What waits for a decision comes first."""
    open_ones = proposals.undecided(state.workspace(), shown.info.id)
    if not open_ones:
        _people(shown)
    st.markdown(f"**Proposals** · {count(len(open_ones), 'to decide', 'to decide')}")
    if not open_ones:
        word = unit_noun(shown.info.level)
        st.caption(
            f"None yet. Choose Propose above the map (M), click {word}, and say why; nothing changes until it is "
            "accepted."
        )
    for one in open_ones[:_UNDECIDED]:
        _proposal(shown, one)
    if len(open_ones) > _UNDECIDED:
        st.caption(f"{len(open_ones) - _UNDECIDED:,} older proposals follow after these.")
    if open_ones:
        _people(shown)
    comments(shown)


def _people(shown: PlanSnapshot) -> None:
    here = window.present()
    mine = window.window_token()
    if not mine.person.user_id:
        st.text_input(
            "Your name",
            mine.person.name,
            max_chars=40,
            key="together_name_field",
            placeholder=presence.guest(mine.window),
            on_change=_name,
            help="Shown to others next to your edits, proposals and comments.",
        )
    st.markdown(f"**Here now** · {count(len(here), 'person', 'people')}" if here else "**Here now**")
    presenting = any(p.presenting and p.window == mine.window for p in here)
    st.button(
        "Stop presenting" if presenting else "Present",
        key="present",
        width="stretch",
        icon=":material/cancel_presentation:" if presenting else ":material/present_to_all:",
        help="Other people's maps follow yours: area, selection and colors",
        on_click=_present,
        args=(not presenting,),
    )
    for one in here[:12]:
        you = " (you)" if one.window == mine.window else ""
        st.caption(
            f"**{markdown(one.initials)}** {markdown(one.name)}{you} · {markdown(_looks_at(shown, one.view))}"
            + (" · presenting" if one.presenting else "")
        )
    if len(here) > 12:
        st.caption(f"and {len(here) - 12:,} more")


def _looks_at(shown: PlanSnapshot, view: Any) -> str:
    parts = []
    if view.get("to") in shown.plan.codes:
        parts.append(f"editing {shown.plan.territory(view['to']).name}")
    units = [u for u in view.get("units", []) if 0 <= u < len(shown.units)]
    if units:
        more = f" and {len(units) - 1} more" if len(units) > 1 else ""
        parts.append(f"near {shown.units.names[units[0]]}{more}")
    return " ".join(parts) or "viewing"


def _name() -> None:
    window.say_name(str(st.session_state["together_name_field"]))


def _present(on: bool) -> None:
    window.ask_to_present(on)
    state.put("redraw", True)


def _effect(shown: PlanSnapshot, one: Proposal) -> ProposalEffect | None:
    try:
        return proposals.effect(state.workspace(), shown.info.id, one)
    except TerrError:
        return None


def _proposal(shown: PlanSnapshot, one: Proposal) -> None:
    who = window.me()
    with st.container(border=True, key=f"proposal_{one.id}"):
        st.markdown(f"**{markdown(_wish(one.title))}** · {markdown(one.by.name)}, {local(one.at)}")
        st.caption(f"{markdown(proposals.named(shown, one))}  \n“{markdown(one.reason)}”")
        for against in one.challenges:
            st.caption(f":material/flag: {markdown(against.by.name)}: “{markdown(against.reason)}”")
        found = _effect(shown, one)
        if found is None:
            st.caption("Its effect isn't known right now; try again.")
            return
        st.markdown("  \n".join(markdown(s) for s in proposals.effect_text(state.workspace(), shown.info.id, found)))
        line = st.container(horizontal=True, gap="small")
        on = state.get(SHOWN) == one.id
        line.button(
            "Hide" if on else "Show",
            key=f"show_{one.id}",
            icon=":material/my_location:",
            on_click=_show,
            args=(one.id, None if on else found),
            help="Show it in stripes on the map",
        )
        sid = shown.info.id
        why = markdown(roles.needs(state.workspace(), sid, who, "decide"))
        line.button(
            "Accept",
            key=f"accept_{one.id}",
            type="primary",
            disabled=bool(why) or not found.fit,
            help=why or None,
            on_click=_accept,
            args=(sid, one.id, found),
        )
        line.button(
            "Reject",
            key=f"reject_{one.id}",
            disabled=bool(why),
            help=why or None,
            on_click=_decide,
            args=(sid, one.id, "rejected"),
        )
        if proposals.is_own(one.by, who):
            line.button("Withdraw", key=f"withdraw_{one.id}", on_click=_decide, args=(sid, one.id, "withdrawn"))
        if plan_comments.may_do(state.workspace(), sid, who, "challenge"):
            challenge = partial(_challenge, sid, one.id)
            send(f"challenge_{one.id}", f"challenge_{one.id}", "Your suggestion", "Suggest a change", 400, challenge)


def waiting(sid: str) -> tuple[Proposal, ...]:
    """Proposals that wait for a decision; those this window hasn't told of yet, and others made, are told now."""
    open_ones = proposals.undecided(state.workspace(), sid)
    known: frozenset[tuple[str, int]] = state.get("told_proposals", frozenset())
    new = [p for p in open_ones if (sid, p.id) not in known]
    if new:
        state.put("told_proposals", known | {(sid, p.id) for p in new})
    for one in [p for p in new if not proposals.is_own(p.by, window.me())][:1]:
        more = f", and {len(new) - 1:,} more" if len(new) > 1 else ""
        said = f"{one.by.name or 'Someone'} proposes: {_wish(one.title)}{more}. See Together."
        st.toast(markdown(said), icon=":material/campaign:")
    ids = [p.id for p in open_ones]
    if state.get("outlined", ids) != ids:
        state.put("redraw", True)  # the map outlines what waits
    state.put("outlined", ids)
    return open_ones


def _wish(title: str) -> str:
    """What an edit is called once it is made, as something to be done."""
    return title.replace("Moved ", "Move ", 1) if title.startswith("Moved ") else title


def _show(proposal_id: int, found: ProposalEffect | None) -> None:
    """Draw a proposal in stripes over the plan, or take it off."""
    if found is None:
        state.drop(SHOWN, "preview")
    else:
        state.put(SHOWN, proposal_id)
        state.put("preview", list(zip(found.fit.units.tolist(), found.fit.after.tolist(), strict=True)))
        state.fly_to(found.fit.units.tolist())
    state.put("redraw", True)


def hide() -> None:
    """Take a proposal off the map when something else is looked at."""
    if state.get(SHOWN) is not None:
        state.drop(SHOWN, "preview")
        state.put("redraw", True)


def redraw(rev: int) -> None:
    """Work a proposal that is drawn on the map out anew on a newer plan; take it off if it was decided."""
    known = state.get("shown_at")
    if known == rev:
        return
    state.put("shown_at", rev)
    sid, wanted = str(state.get("scenario")), state.get(SHOWN)
    one = next((p for p in proposals.undecided(state.workspace(), sid) if p.id == wanted), None)
    if one is None:
        state.drop(SHOWN, "preview")
        return
    fit = proposals.effect(state.workspace(), sid, one).fit
    state.put("preview", list(zip(fit.units.tolist(), fit.after.tolist(), strict=True)))


def _accept(sid: str, proposal_id: int, found: ProposalEffect) -> None:
    who = window.me()
    done = attempt(lambda: proposals.accept(state.workspace(), sid, proposal_id, found, by=who))
    if done is not None:
        state.at_revision(done[0])
        state.say(f"Accepted: {done[1].title}.")
    _done(proposal_id)


def _decide(sid: str, proposal_id: int, how: str) -> None:
    ws, who = state.workspace(), window.me()
    if how == "rejected":
        attempt(lambda: proposals.reject(ws, sid, proposal_id, by=who))
    else:
        attempt(lambda: proposals.withdraw(ws, sid, proposal_id, by=who))
    _done(proposal_id)


def _challenge(sid: str, proposal_id: int) -> None:
    key = f"challenge_{proposal_id}"
    text = str(st.session_state[key]).strip()
    if text and attempt(lambda: proposals.challenge(state.workspace(), sid, proposal_id, text, by=window.me())):
        st.session_state[key] = ""


def _done(proposal_id: int) -> None:
    if state.get(SHOWN) == proposal_id:
        state.drop(SHOWN, "preview")
    state.put("redraw", True)
