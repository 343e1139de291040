"""What all sections of the Scores page share: the definition in hand, trying it out, keeping it, undoing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from terr.errors import InputError
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import count, markdown, sentence
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.scores import recipe as recipes
from terr.workspace.scores import wording
from terr.workspace.scores.definition import Definition
from terr.workspace.scores.potential import Formula, PotentialBy
from terr.workspace.scores.recipe import Recipe, RecipeStep

SECTION = "terr_scores_section"


def key(name: str) -> str:
    """The key of a widget; another one for each definition that is opened, so that it starts with that one's values."""
    section = str(st.session_state.get(SECTION, ""))[:4]
    return f"scores_{name}_{section}_{state.get('scores_round', 0)}"


def opened(data: Dataset, *kinds: type) -> Any:
    """The kept definition that is being edited, if it is of one of these kinds."""
    recipe = data.scored.recipe if data.scored else recipes.EMPTY
    one = recipe.named(state.get("scores_edit", ""))
    return one if isinstance(one, kinds) else None


def in_hand(data: Dataset, new: Definition) -> Any:
    """The kept definition that one takes the place of, None if it is a new one."""
    formulas = (Formula, PotentialBy)
    return opened(data, *(formulas if isinstance(new, formulas) else (type(new),)))


def free_name(data: Dataset, name: str) -> str:
    """The name, or it with a number if the accounts or a definition have it already."""
    taken = {str(c).casefold() for c in data.accounts.frame.columns}
    taken |= {d.name.casefold() for d in (data.scored.recipe.kept if data.scored else ())}
    k, out = 2, name
    while out.casefold() in taken:
        k, out = k + 1, f"{name} {k}"
    return out


RIGHT = st.column_config.TextColumn(alignment="right")
"""For a column of numbers stored as text."""


def dark() -> bool:
    """Whether the page is dark."""
    return bool(st.context.theme.type == "dark")


def name_field(data: Dataset, one: Definition | None, usual: str, *, label: str = "Name") -> str:
    """The field for the definition's name."""
    value = one.name if one is not None else free_name(data, usual)
    return str(st.text_input(label, value, max_chars=80, key=key(f"name_{usual}"))).strip()


def formula_help() -> None:
    """How formulas and rules are written, on demand."""
    with st.popover("How to write a formula", icon=":material/help:"):
        st.markdown(markdown(wording.FORMULA_HELP))
        st.markdown(wording.RULE_HELP)


def wrong(error: InputError, where: str = "") -> None:
    """What is wrong with what was typed; for a formula, with an arrow at the place."""
    st.error(markdown(f"{where}{sentence(str(error))}"), icon=":material/error:")
    if place := wording.pointer(error):
        st.code(place, language=None)


def made_by(build: Callable[[], Any]) -> Any:
    """What the form's values build, None with the reason in sight if they don't fit together."""
    try:
        return build()
    except InputError as error:
        wrong(error)
    return None


def tried_recipe(data: Dataset, new: Definition) -> Recipe:
    """The kept definitions with the one in hand among them.

    Raises:
        InputError: if its name is taken.
    """
    recipe = data.scored.recipe if data.scored else recipes.EMPTY
    old = in_hand(data, new)
    return recipe.with_one(new, instead=old.name if old is not None else "")


def tried(data: Dataset, new: Definition) -> RecipeStep | None:
    """The definition in hand worked out on the accounts; None, with the reason in sight, if it can't be."""
    base = data.scored
    if base is None:
        return None
    try:
        recipe = tried_recipe(data, new)
    except InputError as error:
        wrong(error)
        return None
    before = (base, *recipes.recalled(state.workspace(), data.info.id))
    found = recipes.applied(base.base, recipe, data.reps, ground=base.ground, before=before)
    recipes.remember(state.workspace(), data.info.id, found)
    state.put("scores_tried", found)
    step = found.step(new.name)
    if step is not None and step.problem and not (step.made and step.made.off):
        st.error(markdown(sentence(step.problem)), icon=":material/error:")
        return None
    return step


def notes(step: RecipeStep) -> None:
    """What was taken for granted or left out."""
    for line in step.made.notes if step.made else ():
        st.caption(f":material/info: {markdown(line)}")


def form_and_preview(
    data: Dataset, form: Callable[[], Any], preview: Callable[[Dataset, Any], None], *, wide: float = 1.35
) -> None:
    """A section: its form at the left, what that gives at the right, and Save below the form.

    Args:
        data: the accounts.
        form: draws the form; the definition in it, None if there is none yet.
        preview: draws what a definition gives.
        wide: how much wider the right side is.
    """
    left, right = st.columns([1, wide], gap="large")
    with left:
        found = form()
    if found is None:
        return
    with right:
        preview(data, found)
    with left:
        save_row(data, found)


def save_row(data: Dataset, new: Definition, *, can: bool = True) -> None:
    """The button that keeps the definition in hand; nothing is kept without it."""
    old = in_hand(data, new)
    made = list(new.makes)
    what = f"Makes {count(len(made), 'column')}: {', '.join(made[:4])}{' …' if len(made) > 4 else ''}" if made else ""
    same = old == new
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.button(
        "Save",
        type="primary",
        icon=":material/check:",
        key=key("keep"),
        disabled=not can or same,
        on_click=_keep,
        args=(data.info.id, new, old),
        help="Available as a measure or filter on every page, in reports and in exports",
    )
    if old is not None:
        row.button("New" if same else "Cancel", key=key("leave"), on_click=done_editing)
    if what:
        row.caption(markdown(what))


def _keep(dataset_id: str, new: Definition, old: Definition | None) -> None:
    def act() -> Recipe:
        return recipes.change(
            state.workspace(), dataset_id, lambda r: r.with_one(new, instead=old.name if old else ""), opened=old
        )

    if attempt(act) is not None:
        state.put("scores_undo", (dataset_id, new, old, None))
        state.say(f'Saved "{new.name}". You can use it on every page.')
        done_editing()
        state.put("scores_edit", new.name)  # it stays in sight


def done_editing() -> None:
    """No definition is in hand any more; the forms start anew."""
    state.drop("scores_edit")
    state.put("scores_round", state.get("scores_round", 0) + 1)


def edit(one: Definition, section: str) -> None:
    """Take a kept definition in hand."""
    done_editing()
    state.put("scores_edit", one.name)
    st.session_state[SECTION] = section


def remove(dataset_id: str, one: Definition) -> None:
    """Take a definition away; it can be put back."""
    at = None

    def without(recipe: Recipe) -> Recipe:
        nonlocal at
        at = recipe.kept.index(one)
        return recipe.without(one.name)

    if attempt(lambda: recipes.change(state.workspace(), dataset_id, without, opened=one)) is not None:
        state.put("scores_undo", (dataset_id, None, one, at))
        done_editing()


def undo() -> None:
    """Take the last keeping or removing of this window back."""
    dataset_id, new, old, at = state.get("scores_undo")

    def back(recipe: Recipe) -> Recipe:
        if old is None:
            return recipe.without(new.name)
        return recipe.with_one(old, instead=new.name if new is not None else "", at=at)

    if attempt(lambda: recipes.change(state.workspace(), dataset_id, back, opened=new)) is not None:
        state.drop("scores_undo")
        done_editing()


def undo_label() -> str:
    """What undo would do, "" if there is nothing."""
    kept = state.get("scores_undo")
    if kept is None or kept[0] != state.get("dataset"):
        return ""
    _, new, old, _ = kept
    if old is None:
        return f'Saved "{new.name}".'
    return f'Removed "{old.name}".' if new is None else f'Changed "{new.name}".'


def used_by(data: Dataset, one: Definition) -> list[str]:
    """Names of the plans that balance with what a definition makes."""
    return recipes.used_by(state.workspace(), data.info.id, one)


def dataset_line(data: Dataset) -> None:
    """What the page works with, and what keeping does, in one line."""
    st.caption(
        f"{count(len(data.accounts), 'account')}. What you save here becomes a measure or filter on every page; your "
        "file doesn't change."
    )
