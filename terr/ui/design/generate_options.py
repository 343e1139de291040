"""Behind More in Generate: further limits, shares, homes, units kept together, change, names and time."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.view.text import and_list, distinct, markdown, sentence, unit_noun, units_title
from terr.workspace import levels
from terr.workspace.access import distances
from terr.workspace.design import apply_result, form, preview_text
from terr.workspace.design.form import COUNTED, HARD, HIGH, LOW, MEASURE, SHARE, START, WHO, DesignForm
from terr.workspace.design.planned_territories import planned_territories
from terr.workspace.design.solve_task import measure_loads
from terr.workspace.plan import paste_units
from terr.workspace.plan.rules import SHARES, UnitGroup
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.plan.tolerance import SIDES

_HOMES = ("Start there; centers can move", "Keep as centers")


@dataclass(frozen=True)
class GenerateOptions:
    """What is asked behind More: fields of a request, how long to search, and how distances are read."""

    request: dict[str, Any]
    seconds: float
    miles: bool


def fields(shown: PlanSnapshot, draft: DesignForm, asked: Mapping[str, Any], nonce: str) -> GenerateOptions | str:
    """The fields; the reason, also shown under them, if one of them can't be used.

    Args:
        shown: the plan.
        draft: what the fields start with.
        asked: fields of the request above More.
        nonce: of this opening of the drawer, so that a table's changes are never counted twice.
    """
    limits, people, together, change, rest = st.tabs(
        ["Limits", "Reps and shares", "Keep together", "Change and gaps", "Names and time"]
    )
    out: dict[str, Any] = {}
    try:
        with limits:
            out |= _limits(shown, draft, nonce)
        with change:
            out |= _change(draft, str(asked["measure"]))
        with people:
            homes, miles = _homes(draft, asked["reps"])
            out |= homes | _shares(shown, draft, {**asked, "most_moved": out["most_moved"]}, nonce)
        with together:
            out |= _together(shown, draft)
        with rest:
            names, seed, seconds = _rest(shown, draft)
            out |= {"names": names, "seed": seed}
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return str(error)
    return GenerateOptions(out, seconds, miles)


def _limits(shown: PlanSnapshot, draft: DesignForm, nonce: str) -> dict[str, Any]:
    side = st.selectbox(
        "The limit holds",
        SIDES,
        index=SIDES.index(draft.sides),
        format_func=lambda s: form.SIDE_WORDS[s],
        key="gen_sides",
    )
    st.caption("Limits on other measures, or tighter ones on the same. Uncheck “Must hold” to make this a preference.")
    found = st.data_editor(
        form.limits_frame(draft.limits),
        key=f"gen_limits_{nonce}",
        num_rows="dynamic",
        hide_index=True,
        height=142,
        column_config={
            MEASURE: st.column_config.SelectboxColumn(options=list(shown.accounts.measures), width="medium"),
            LOW: st.column_config.NumberColumn(min_value=0.0, help="Leave empty for no minimum"),
            HIGH: st.column_config.NumberColumn(min_value=0.0, help="Leave empty for no maximum"),
            COUNTED: st.column_config.SelectboxColumn(options=[form.OF_TARGET, form.AS_LOAD], default=form.OF_TARGET),
            HARD: st.column_config.CheckboxColumn(default=True),
        },
    )
    return {"limits": form.limits_from(found), "sides": side}


def _homes(draft: DesignForm, reps: Sequence[Any]) -> tuple[dict[str, Any], bool]:
    if not reps:
        st.caption("Choose reps above to start from their homes, keep near them, or give new ones a smaller share.")
        return {"centred": False, "most_km": None}, draft.miles
    a, b = st.columns([2, 1.4], vertical_alignment="bottom")
    how = a.selectbox("Reps' homes", _HOMES, index=int(draft.centred), key="gen_homes")
    miles = distances.miles(state.workspace().root)
    far = b.number_input(
        f"Largest distance ({'miles' if miles else 'km'})",
        min_value=1.0,
        value=preview_text.typed(draft.most_km, miles=miles),
        step=10.0,
        key="gen_far",
        placeholder="any",
        help="From a rep's home to anywhere in the territory. Empty: any distance.",
    )
    return {"centred": how == _HOMES[1], "most_km": preview_text.kilometers(far, miles=miles)}, miles


def _shares(shown: PlanSnapshot, draft: DesignForm, asked: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    plain = apply_result.DesignRequest(**{k: v for k, v in asked.items() if k != "shares"})
    loads = measure_loads(state.workspace(), shown.info.id, plain.measure)
    slots = planned_territories(shown.units, shown.plan, plain, loads, by_name=set(shown.held.codes.tolist()))
    rows = f"{nonce}_{zlib.crc32(repr([(s.key, form.usual(s)) for s in slots]).encode()):08x}"
    kept = state.get("gen_shares")
    if kept is None or kept[0] != rows:  # other rows: another table, with the changes made so far
        shares, starts = (draft.shares, draft.starts) if kept is None else kept[2:]
        kept = (rows, form.shares_frame(slots, shares, starts), shares, starts)
    found = st.data_editor(
        kept[1],
        key=f"gen_shares_{rows}",
        hide_index=True,
        height=142,
        disabled=[WHO],
        column_config={
            SHARE: st.column_config.NumberColumn(
                min_value=100 * SHARES[0],
                max_value=100 * SHARES[1],
                format="%.0f%%",
                help="100% is a full territory; a new rep may get 60%. A rep's capacity is the usual share.",
            ),
            START: st.column_config.TextColumn(
                help=f"The {unit_noun(shown.info.level, 1)} it starts from, by ID or name. For a rep, the home.",
            ),
        },
    )
    out = {"shares": form.shares_from(found, slots), "starts": form.starts_from(found, slots, shown)}
    # those who aren't in the table now keep theirs, so that choosing them again brings it back
    here = {s.key for s in slots}
    earlier = ({**draft.shares, **kept[2]}, {**draft.starts, **kept[3]})
    now = [
        {**{k: v for k, v in old.items() if k not in here}, **dict(new)}
        for old, new in zip(earlier, out.values(), strict=True)
    ]
    state.put("gen_shares", (*kept[:2], *now))
    return out


def _together(shown: PlanSnapshot, draft: DesignForm) -> dict[str, Any]:
    groups: list[UnitGroup] = state.get("gen_groups", list(draft.groups))
    state.put("gen_groups", groups)
    level, names = shown.info.level, distinct(dict(zip(shown.units.ids, shown.units.names, strict=True)))
    word = unit_noun(level)
    for at, group in enumerate(groups):
        text, gone = st.columns([5, 1.3], vertical_alignment="center")
        text.markdown(markdown(preview_text.group_line(group.name, group.units, names, level)))
        gone.button("Remove", key=f"gen_group_gone_{at}", on_click=_remove_group, args=(at,), width="stretch")
    a, b, c = st.columns([1.3, 3, 0.9], vertical_alignment="bottom")
    a.text_input("Name", key="gen_group_name", max_chars=60, placeholder=f"Group {len(groups) + 1}")
    if len(names) <= paste_units.MOST_TO_PICK:
        b.multiselect(
            f"{units_title(level)} to keep in one territory",
            shown.units.ids,
            format_func=lambda u: names[u],
            key="gen_group_units",
            placeholder=f"Choose two or more {word}",
        )
    else:
        b.text_area(
            f"{units_title(level)} to keep in one territory, one per line",
            key="gen_group_paste",
            height=80,
            placeholder="\n".join(shown.units.ids[:2]),
        )
    c.button("Add", key="gen_group_add", on_click=_add_group, args=(shown,), width="stretch", icon=":material/add:")
    states = [s for s in shown.units.region if level != "state" and len(shown.units.region) > 1]
    whole: list[str] = []
    if states:
        whole = st.multiselect(
            "States to keep whole",
            states,
            default=[s for s in draft.whole_states if s in states],
            format_func=levels.state_name,
            key="gen_whole",
            placeholder="None",
        )
    return {"groups": tuple(groups), "whole_states": tuple(whole)}


def _add_group(shown: PlanSnapshot) -> None:
    picked, pasted = st.session_state.get("gen_group_units", []), str(st.session_state.get("gen_group_paste", ""))
    listed = paste_units.in_plan(shown, pasted)
    if listed.unknown:
        state.say(f"Not in this plan: {and_list(list(listed.unknown))}")
        return
    ids = shown.units.ids
    units = tuple(dict.fromkeys((*picked, *(ids[u] for u in listed.units))))
    groups: list[UnitGroup] = state.get("gen_groups", [])
    name = str(st.session_state["gen_group_name"]).strip() or f"Group {len(groups) + 1}"
    if len(units) < 2:
        state.say(f"Choose at least two {unit_noun(shown.info.level)} to keep together.")
        return
    state.put("gen_groups", [*groups, UnitGroup(name, units)])
    for key, empty in (("gen_group_units", []), ("gen_group_paste", "")):
        if key in st.session_state:
            st.session_state[key] = empty
    st.session_state["gen_group_name"] = ""


def _remove_group(at: int) -> None:
    groups: list[UnitGroup] = state.get("gen_groups", [])
    state.put("gen_groups", [g for i, g in enumerate(groups) if i != at])


def _change(draft: DesignForm, measure: str) -> dict[str, Any]:
    a, b = st.columns(2)
    moved = a.number_input(
        f"Maximum change (% of {markdown(measure)})",
        0.0,
        100.0,
        value=None if draft.most_moved is None else round(100 * draft.most_moved, 1),
        step=1.0,
        key="gen_moved",
        placeholder="no limit",
        help="Share that may move to another territory, compared with the current plan. Empty: no limit.",
    )
    rest = b.number_input(
        "May stay unassigned (%)",
        0.0,
        100.0,
        value=round(100 * draft.unassigned, 1),
        step=1.0,
        key="gen_rest",
        help="Areas that fit in no territory may stay unassigned, up to this share of the measure.",
    )
    st.caption(markdown(f"Both are shares of all {measure}."))
    return {"most_moved": None if moved is None else float(moved) / 100, "unassigned": float(rest) / 100}


def _rest(shown: PlanSnapshot, draft: DesignForm) -> tuple[tuple[str, ...], int, float]:
    names = st.text_area(
        "Names (optional, one per line)",
        value=draft.names,
        key="gen_names",
        height=80,
        placeholder="North\nSouth\nGulf Coast",
    )
    a, b = st.columns(2)
    usual = 10 if len(shown.units) < 500 else 45
    seconds = a.slider("Time limit", 5, 120, usual, format="%d s", key="gen_seconds")
    seed = b.number_input("Seed (the same seed gives the same plan)", 1, 10_000, draft.seed, key="gen_seed")
    return tuple(n.strip() for n in names.splitlines() if n.strip()), int(seed), float(seconds)
