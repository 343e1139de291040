"""Reports: a card for each document, with what it contains, a picture, and who may see accounts."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from terr.errors import TerrError
from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.text import markdown
from terr.workspace.reports.brand import (
    LANGUAGES,
    brand_of,
    language_text,
    may_change,
    save_brand,
    save_template,
    slide_template,
)
from terr.workspace.reports.crm import version
from terr.workspace.reports.documents import KINDS, DocumentChoice, make_document
from terr.workspace.reports.downloads import file_name
from terr.workspace.reports.open_plan import open_plan
from terr.workspace.reports.previews import previews


@dataclass(frozen=True)
class _Card:
    """A card: its key, the kinds of files it offers, and whether the workbook has a sheet for each rep."""

    key: str
    kinds: tuple[str, ...]
    per_rep: bool = False


_CARDS = (
    _Card("report", ("pdf",)),
    _Card("deck", ("pptx",)),
    _Card("reps", ("xlsx",), per_rep=True),
    _Card("excel", ("xlsx",)),
    _Card("map", ("html", "png", "svg", "kml", "kmz")),
)
_TITLES = {"report": "Plan report", "deck": "Board deck", "reps": "Rep sheets", "excel": "Excel", "map": "Map"}
_WHAT = {
    "report": "PDF: summary, map before and after, balance, what moves, who gains and gives, quotas, method.",
    "deck": "PowerPoint, 8 to 12 slides. Charts, tables and map can be edited there.",
    "reps": "Excel with a sheet for each territory and its rep, largest accounts first, beside the workbook's own.",
    "excel": "Accounts, territories, totals by formula, changes, quotas, performance, metrics and notes.",
    "map": "One HTML file that opens without Terr or a network, a picture, or a file for Google Earth.",
}
_WHO = {
    "report": "No single accounts.",
    "deck": "No single accounts.",
    "reps": "Lists every account.",
    "excel": "Lists every account.",
}
_FORMATS = {
    "html": "One HTML file",
    "png": "Picture (PNG)",
    "svg": "Drawing (SVG)",
    "kml": "Google Earth (KML)",
    "kmz": "Google Earth, compressed (KMZ)",
}


def cards(sid: str) -> None:
    """The documents of the open plan."""
    st.subheader("Documents")
    numbers = _language()
    shown = window_jobs.worked_out(
        "document_pictures",
        (version(state.workspace(), sid), _looks(), numbers),
        lambda progress: _pictures(sid, numbers, progress),
    )
    for row in (_CARDS[:3], _CARDS[3:]):
        for column, card in zip(st.columns(3), (*row, *[None] * (3 - len(row))), strict=True):
            with column:
                if card is None:
                    _crm_card()
                else:
                    with st.container(border=True):
                        _card(sid, card, numbers, (shown or {}).get(card.key))


def _language() -> str:
    """The language in which the documents write numbers; the company's unless another is chosen."""
    usual = brand_of(state.workspace()).numbers
    tags = list(LANGUAGES)
    with st.columns([2, 3])[0]:
        chosen = st.selectbox(
            "Language of numbers",
            tags,
            index=tags.index(usual),
            format_func=language_text,
            key="document_numbers",
            help="Separators, currency and dates of all documents; words stay English. Excel keeps numbers as numbers "
            "and shows them by your computer's settings.",
        )
    return str(chosen)


def _pictures(sid: str, numbers: str, progress: Progress) -> dict[str, bytes]:
    progress.tell(0.0, "Drawing the pictures")
    return previews(open_plan(state.workspace(), sid, numbers))


def _card(sid: str, card: _Card, numbers: str, picture: bytes | None) -> None:
    if picture is not None:
        st.image(picture, width="stretch")
    st.markdown(f"**{_TITLES[card.key]}**")
    st.caption(_WHAT[card.key])
    kind, accounts = card.kinds[0], True
    if len(card.kinds) > 1:
        kind = st.selectbox(
            "File", card.kinds, format_func=_FORMATS.__getitem__, key="document_map_kind", label_visibility="collapsed"
        )
        if KINDS[kind].accounts:
            accounts = st.checkbox(
                "Include accounts",
                value=False,
                key="document_map_accounts",
                help="Whoever gets the file sees every account's name, place and figures.",
            )
        else:
            st.caption("No single accounts.")
    else:
        st.caption(f":material/visibility: {_WHO[card.key]}")
    _file(sid, card, kind, numbers, DocumentChoice(accounts, card.per_rep))


def _file(sid: str, card: _Card, kind: str, numbers: str, choice: DocumentChoice) -> None:
    """A button that makes the document; then a bar with Stop; then the download."""
    ws = state.workspace()
    name = f"document_{card.key}"
    key = (version(ws, sid), _looks(), kind, numbers, choice.accounts, choice.per_rep)
    if state.get(f"{name}_wanted") != key:
        st.button(
            f"Create {_TITLES[card.key]}",
            key=f"make_{card.key}",
            icon=":material/description:",
            width="stretch",
            on_click=state.put,
            args=(f"{name}_wanted", key),
        )
        return

    def make(progress: Progress) -> bytes:
        template = slide_template(ws) if kind == "pptx" else None
        asked = DocumentChoice(choice.accounts, choice.per_rep, template)
        return make_document(kind, open_plan(ws, sid, numbers), asked, progress)

    data = window_jobs.worked_out(name, key, make)
    if data is not None:
        st.download_button(
            f"Download {_TITLES[card.key]}",
            data,
            file_name(ws.scenario(sid).name, ("reps-" if card.per_rep else "") + KINDS[kind].ending),
            KINDS[kind].mime,
            icon=":material/download:",
            type="primary",
            width="stretch",
            key=f"get_{card.key}",
            on_click="ignore",
        )


def _crm_card() -> None:
    with st.container(border=True):
        st.markdown("**CRM**")
        st.caption(
            "Files that update Salesforce, HubSpot or Dynamics 365: territory assignments, and owners of the "
            "accounts that move. They are below, under Update your CRM."
        )


def _looks() -> tuple[object, ...]:
    ws = state.workspace()
    kept = brand_of(ws)
    return kept.company, kept.accent, len(kept.logo), kept.numbers, slide_template(ws) is not None


def company_looks() -> None:
    """Name, color, logo and slide template of the company, for all documents."""
    ws = state.workspace()
    if not may_change(ws):
        return
    kept = brand_of(ws)
    with st.expander("Company name, color, logo and language of numbers"), st.form("company_looks", border=False):
        left, right = st.columns([3, 1])
        name = left.text_input("Company name", kept.company, max_chars=120)
        color = right.color_picker("Color", kept.accent)
        tags = list(LANGUAGES)
        numbers = st.selectbox(
            "Language of numbers, unless another is chosen for a document; territory plans use it",
            tags,
            index=tags.index(kept.numbers),
            format_func=language_text,
            key="company_numbers",
        )
        logo = st.file_uploader("Logo (PNG or JPEG, at most 2 MB)", type=["png", "jpg", "jpeg"], key="company_logo")
        template = st.file_uploader("PowerPoint template (.pptx)", type=["pptx"], key="company_template")
        has = [n for n, there in (("logo", bool(kept.logo)), ("template", slide_template(ws) is not None)) if there]
        drop = [n for n in has if st.checkbox(f"Remove the {n} that is kept", key=f"company_drop_{n}")]
        if st.form_submit_button("Save"):
            try:
                given = b"" if "logo" in drop else None if logo is None else logo.getvalue()
                save_brand(ws, name, color, given, str(numbers))
                if template is not None or "template" in drop:
                    save_template(ws, b"" if template is None else template.getvalue())
            except TerrError as error:
                st.error(markdown(str(error)), icon=":material/error:")
            else:
                state.say("Saved. New documents look like this.")
                st.rerun()
