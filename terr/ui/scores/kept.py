"""The kept definitions on the Scores page: their order, what each makes, edit, remove, files."""

from __future__ import annotations

import streamlit as st

from terr.errors import TerrError
from terr.ui.scores import editor as base
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import and_list, count, markdown, sentence
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.scores import recipe as recipes
from terr.workspace.scores.recipe import Recipe, RecipeStep, UnreadableDefinition
from terr.workspace.scores.wording import TITLES, definition_text, file_text

SECTIONS = {
    "segments": "Segments",
    "tiers": "80/20 and tiers",
    "score": "Score",
    "likeness": "Look-alikes",
    "potential": "Potential",
    "formula": "Potential",
    "range": "Range",
    "workload": "Workload",
}
KEPT = "Saved"


def line(data: Dataset) -> None:
    """One line above all sections: what is kept, in the order of working, and undo."""
    steps = data.scored.steps if data.scored else ()
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    if steps:
        names = " → ".join(markdown(s.definition.name) for s in steps)
        row.caption(f"Saved, in this order: {names}")
    if said := base.undo_label():
        row.button(f"Undo: {markdown(said)}", icon=":material/undo:", key="scores_undo", on_click=base.undo)
    for step in data.scored.broken if data.scored else ():
        _mend(step)


def _mend(step: RecipeStep) -> None:
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.warning(
        f"**{markdown(step.definition.name)}** has an error: {markdown(sentence(step.problem))} The others work.",
        icon=":material/build:",
    )
    section = SECTIONS.get(step.definition.kind)
    if section:
        row.button(
            "Edit", key=f"scores_mend_{step.definition.name}", on_click=base.edit, args=(step.definition, section)
        )


def show_saved(data: Dataset) -> None:
    """The definitions one by one, and the files."""
    steps = data.scored.steps if data.scored else ()
    if not steps:
        st.info(
            "Nothing saved yet. Start with Segments or 80/20 and tiers: each form is filled in to fit these accounts, "
            "shows the result at once, and saves nothing until you press Save.",
            icon=":material/lightbulb:",
        )
    for number, step in enumerate(steps, start=1):
        _one(data, number, step)
    st.divider()
    _files(data)


def _one(data: Dataset, number: int, step: RecipeStep) -> None:
    one = step.definition
    text, change, gone = st.columns([6, 1, 1.1], vertical_alignment="center")
    mark = ":orange[:material/build:] " if step.problem else ""
    text.markdown(
        f"{mark}{number}. **{markdown(one.name)}** · {TITLES[one.kind]} · {markdown(definition_text(one))}",
        help=markdown(f"Makes {and_list(list(one.makes), 12)}") if one.makes else None,
    )
    if not isinstance(one, UnreadableDefinition):
        change.button(
            "Edit", key=f"scores_edit_{number}", width="stretch", on_click=base.edit, args=(one, SECTIONS[one.kind])
        )
    plans = base.used_by(data, one)
    asked = state.get("scores_sure") == one.name
    if plans and not asked:
        gone.button("Remove", key=f"scores_gone_{number}", width="stretch", on_click=_ask, args=(one.name,))
        return
    if plans:
        word = "plan uses" if len(plans) == 1 else "plans use"
        st.warning(
            f"{len(plans):,} {word} it: {markdown(and_list(plans))}. Without it they need another measure.",
            icon=":material/warning:",
        )
    gone.button(
        "Remove anyway" if plans else "Remove",
        key=f"scores_gone_{number}_now",
        width="stretch",
        on_click=base.remove,
        args=(data.info.id, one),
    )


def _ask(name: str) -> None:
    state.put("scores_sure", name)


def _files(data: Dataset) -> None:
    recipe = data.scored.recipe if data.scored else recipes.EMPTY
    left, right = st.columns(2, gap="medium")
    left.markdown("**Reuse these definitions**")
    left.caption("Download a file for another data set or the command line (`--scores`). It contains no accounts.")
    left.download_button(
        "Download definitions",
        recipe.to_json(),
        "terr-scores.json",
        "application/json",
        icon=":material/download:",
        disabled=not recipe.kept,
        key="scores_download",
    )
    given = right.file_uploader(
        "Definitions from a file (JSON)", type=["json"], key=base.key("upload"), max_upload_size=2
    )
    if given is None:
        return
    try:
        found = recipes.recipe_of(given.getvalue())
    except TerrError as error:
        right.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    right.markdown(markdown(file_text(recipe, found)))
    right.button(
        "Save",
        type="primary",
        icon=":material/check:",
        key=base.key("take"),
        on_click=_take,
        args=(data.info.id, found),
        disabled=not found.kept,
    )


def _take(dataset_id: str, found: Recipe) -> None:
    if attempt(lambda: recipes.change(state.workspace(), dataset_id, lambda now: now.merged(found))) is not None:
        state.drop("scores_undo")
        state.say(f"{count(len(found.kept), 'definition')} saved.")
        base.done_editing()
