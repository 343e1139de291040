"""Orders, opportunities, activities, contracts and quotas beside the accounts: confirmed, joined, kept, and their
ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.accounts import unjoined as unjoined_view
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import count, markdown, sentence, short
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.facts import facts_upload, kept_facts
from terr.workspace.facts.facts_upload import FactsDraft
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.reports.downloads import CSV, safe_csv

_MDY = {"mdy": "Month first (1/31/2026)", "dmy": "Day first (31/1/2026)"}
_MEANS = {"open": "Open", "won": "Won", "lost": "Lost"}
_HOW = {facts_upload.ADD: "Add new ones and update by ID", facts_upload.REPLACE: "Replace all"}


def opened(drafts: Sequence[FactsDraft]) -> None:
    """Files of facts were read."""
    state.put("facts_drafts", list(drafts))


def kinds() -> dict[str, str]:
    """What the rows of a file may be, and the label of each: accounts first."""
    return {"accounts": "Accounts", **facts_upload.KIND_LABELS}


def pending(data: Dataset) -> bool:
    """Whether files of facts of a data set wait to be confirmed, or are being read."""
    drafts: list[FactsDraft] = state.get("facts_drafts") or []
    return any(d.of == data.info.id for d in drafts) or window_jobs.running("gate_facts")


def confirm(data: Dataset, fresh: Callable[[list[tuple[str, bytes]]], None]) -> None:
    """Files of facts, each with its kind, columns, ledger and what is new; nothing counts before the button.

    Args:
        data: whose facts they are.
        fresh: makes the customers of files accounts of their own instead.
    """
    window_jobs.follow("gate_facts", opened, stop="Cancel")
    window_jobs.follow("gate_fact", _changed, stop="Cancel")
    drafts: list[FactsDraft] = state.get("facts_drafts") or []
    if not drafts:
        return
    st.subheader(f"{count(len(drafts), 'file')} for {markdown(data.info.name)}")
    row = st.container(horizontal=True)
    left = sum(not _ready(n, d) for n, d in enumerate(drafts))
    label = "Import" if len(drafts) > 1 else f"Import {count(drafts[0].rows, 'row')}"
    if row.button(
        label,
        type="primary",
        icon=":material/check:",
        key="facts_in",
        disabled=bool(left) or window_jobs.running("gate_fact"),
        help=f"{count(left, 'file needs', 'files need')} an answer first" if left else None,
    ):
        _import(data, drafts)
        st.rerun()
    if row.button("Cancel", key="facts_drop"):
        close()
        st.rerun()
    if row.button(
        "Start a new data set from these customers",
        key="facts_fresh",
        help=f"Instead of adding them to {markdown(data.info.name)}",
    ):
        fresh([(d.raw.filename, d.data) for d in drafts])
        st.rerun()
    window_jobs.follow("gate_facts_in", _imported)
    for n, draft in enumerate(drafts):
        with st.container(border=True):
            _card(data, n, draft)


def _ready(n: int, draft: FactsDraft) -> bool:
    warned = draft.change is not None and draft.change.warnings()
    return draft.joined is not None and not draft.open and (not warned or bool(state.get(f"facts_sure_{n}")))


def _card(data: Dataset, n: int, draft: FactsDraft) -> None:
    key = f"{n}_{draft.raw.sha256[:8]}"
    kinds = list(facts_upload.KINDS)
    text, chooser = st.columns([2.2, 1], vertical_alignment="bottom")
    text.markdown(f"**{markdown(draft.raw.filename)}** · {count(draft.rows, 'row')}")
    kind = chooser.selectbox(
        "Rows are",
        kinds,
        index=kinds.index(draft.kind) if draft.kind in kinds else None,
        format_func=lambda k: facts_upload.KIND_LABELS[k],
        key=f"terr_kind_of_{key}",
    )
    if kind is not None and kind != draft.kind:
        _work(data, n, draft, kind=kind)
    if draft.problem:
        st.warning(markdown(sentence(draft.problem)), icon=":material/warning:")
    for question in draft.open:
        _question(data, n, draft, question)
    if draft.joined is not None:
        _ledger(draft)
        _change(n, draft)
        _issues(draft, key)
        _unjoined(draft.joined, key)
    _columns(data, n, draft, key)
    _stages(data, n, draft, key)


def _question(data: Dataset, n: int, draft: FactsDraft, one: Mapping[str, str]) -> None:
    choices = one["choices"].split(",")
    words = {**_MDY, **_MEANS}
    picked = st.radio(
        markdown(one["title"]),
        choices,
        index=None,
        format_func=lambda c: markdown(str(words.get(c, c))),
        horizontal=True,
        key=f"terr_fact_ask_{n}_{draft.raw.sha256[:8]}_{one['key']}",
    )
    if picked is not None:
        _work(data, n, draft, answers={one["key"]: str(picked)})


def _ledger(draft: FactsDraft) -> None:
    """One line: rows and money in = joined + not joined + skipped + rejected."""
    if draft.joined is None:
        return
    line = facts_upload.ledger_table([("", draft.joined)]).iloc[0]
    currency = draft.joined.facts.currency
    money = bool(line["Amount in"])
    parts = [
        f"{line[f]:,} {f.casefold()}" + (f" ({short(line[f'Amount {f.casefold()}'], currency)})" if money else "")
        for f in ("Joined", "Not joined", "Skipped", "Rejected")
    ]
    whole = count(int(line["Rows in"]), "row") + (f" ({short(line['Amount in'], currency)})" if money else "")
    span = f" · {line['First']} to {line['Last']}" if line["First"] else ""
    st.markdown(markdown(f"{whole} = {' + '.join(parts)}{span}"))
    if draft.few_joined:
        st.warning(
            "Most of these rows belong to no account here. Check which column has the account's ID or name, or whether "
            "these are facts of other accounts.",
            icon=":material/warning:",
        )


def _change(n: int, draft: FactsDraft) -> None:
    """What is new since the last file, and whether it is added or replaces."""
    change = draft.change
    if change is None:
        return
    noun = "IDs" if change.by_id else "rows"
    st.markdown(
        f"**Since the last file:** {change.new:,} new, {change.changed:,} changed, {change.same:,} unchanged "
        f"{noun}; {change.gone:,} of the earlier {noun} aren't in this file."
    )
    st.radio(
        "These facts",
        list(_HOW),
        format_func=lambda h: _HOW[h],
        horizontal=True,
        key=f"terr_facts_how_{n}",
        help="Adding keeps what this file doesn't have. Replacing drops it.",
    )
    if change.warnings():
        for warning in change.warnings():
            st.warning(markdown(warning), icon=":material/warning:")
        st.checkbox("Import it anyway", key=f"terr_facts_sure_{n}")


def _issues(draft: FactsDraft, key: str) -> None:
    if draft.facts is None:
        return
    table = facts_upload.issues_table(draft.facts)
    if len(table):
        with st.expander(f"Issues ({int(table['Rows'].sum()):,} rows)", icon=":material/warning:"):
            st.dataframe(table, hide_index=True, width="stretch", key=f"terr_fact_issues_{key}")


def _unjoined(joined: JoinedFacts, key: str) -> None:
    """Whose facts found no account, most money first."""
    if joined.facts.kind == "quotas":
        return
    table = joined.unjoined()
    if not len(table):
        return
    money = short(float(table["amount"].sum()), joined.facts.currency)
    title = f"Not joined: {count(len(table), 'customer')}, {count(int(table['rows'].sum()), 'row')}, {money}"
    with st.expander(markdown(title), icon=":material/link_off:"):
        st.caption(
            "No account here has this ID or name. After the import you can match them, make them accounts or leave "
            "them out, in the tab “Orders and other facts”."
        )
        st.dataframe(
            table.head(1_000).rename(columns={"key": "ID", "name": "Name", "rows": "Rows", "amount": "Amount"}),
            hide_index=True,
            width="stretch",
            key=f"terr_unjoined_{key}",
            column_config={"Amount": st.column_config.NumberColumn(format="localized")},
        )
        st.download_button(
            "Download all (CSV)",
            lambda: safe_csv(table),
            "not-joined.csv",
            CSV,
            icon=":material/download:",
            on_click="ignore",
            key=f"unjoined_csv_{key}",
        )


def _columns(data: Dataset, n: int, draft: FactsDraft, key: str) -> None:
    """Which column is what, recognized and changed here."""
    labels = facts_upload.fields_of(draft)
    told = [f"{label}: {column}" for column, label in labels.items() if label != facts_upload.KEEP]
    with st.expander(markdown(" · ".join(told)) or "Columns", icon=":material/view_column:", expanded=not told):
        frame = pd.DataFrame(
            {
                "Column": list(labels),
                "Field": list(labels.values()),
                "Examples": [", ".join(draft.raw.rows[c].head(3).astype("str")) for c in labels],
            }
        )
        edited = st.data_editor(
            frame,
            key=f"terr_fact_columns_{key}_{draft.kind}_{state.get('facts_round', 0)}",
            hide_index=True,
            width="stretch",
            height=min(320, 38 + 35 * len(frame)),
            disabled=["Column", "Examples"],
            column_config={
                "Field": st.column_config.SelectboxColumn(
                    "Field", options=list(facts_upload.labels_of(draft.kind)), required=True
                )
            },
        )
        wanted = dict(zip(edited["Column"], edited["Field"], strict=True))
        if wanted != labels and state.get(f"facts_tried_{n}") != wanted:
            state.put(f"facts_tried_{n}", wanted)
            chosen = attempt(lambda: facts_upload.chosen_of(wanted))
            if chosen is None:
                state.show_said()
            else:
                _work(data, n, draft, chosen=chosen)


def _stages(data: Dataset, n: int, draft: FactsDraft, key: str) -> None:
    """What each stage of the deals counts as."""
    table = facts_upload.stages_of(draft)
    if not len(table) or draft.open:
        return
    with st.expander(f"What {count(len(table), 'stage')} count as", icon=":material/flag:"):
        shown = table.assign(**{"Counts as": table["Counts as"].map(_MEANS)})
        edited = st.data_editor(
            shown,
            key=f"terr_fact_stages_{key}_{state.get('facts_round', 0)}",
            hide_index=True,
            width="stretch",
            disabled=["Stage", "Deals"],
            column_config={
                "Counts as": st.column_config.SelectboxColumn("Counts as", options=list(_MEANS.values()), required=True)
            },
        )
        if list(edited["Counts as"]) != list(shown["Counts as"]):
            code = {label: means for means, label in _MEANS.items()}
            answers = facts_upload.stage_answers(list(edited["Stage"]), [code[m] for m in edited["Counts as"]])
            state.put("facts_round", state.get("facts_round", 0) + 1)
            _work(data, n, draft, answers=answers)


def _work(data: Dataset, n: int, draft: FactsDraft, **changes: Any) -> None:
    """Work the draft out again, beside the page if it takes long."""
    ws = state.workspace()
    window_jobs.quick(
        "gate_fact",
        lambda progress: (
            n,
            facts_upload.changed_draft(ws, data.info.id, data.accounts, draft, progress=progress, **changes),
        ),
        _changed,
    )
    st.rerun()


def _changed(done: tuple[int, FactsDraft]) -> None:
    n, draft = done
    drafts = list(state.get("facts_drafts") or [])
    if n < len(drafts):
        drafts[n] = draft
        state.put("facts_drafts", drafts)


def _import(data: Dataset, drafts: Sequence[FactsDraft]) -> None:
    ws, key = state.workspace(), data.info.id
    hows = [str(st.session_state.get(f"terr_facts_how_{n}", facts_upload.ADD)) for n in range(len(drafts))]

    def work(progress: Any) -> int:
        for n, (draft, how) in enumerate(zip(drafts, hows, strict=True)):
            progress.tell(n / len(drafts), f"saving {draft.raw.filename}")
            facts_upload.import_facts(ws, key, draft, how)
        return len(drafts)

    window_jobs.quick("gate_facts_in", work, _imported)


def _imported(n: int) -> None:
    state.say(f"{count(n, 'file')} imported. Their figures can be used as measures.")
    close()


def close() -> None:
    """Forget the files that are open: they are imported or canceled."""
    drafts = state.get("facts_drafts") or []
    for n in range(len(drafts)):
        state.drop(f"facts_sure_{n}", f"facts_tried_{n}")
    state.drop("facts_drafts")
    window_jobs.end("gate_facts", "gate_fact", "gate_facts_in")
    state.put("upload_round", state.get("upload_round", 0) + 1)


def kept_part(data: Dataset) -> None:
    """The tab: the facts of this data set and their ledger."""
    ws = state.workspace()
    kept = kept_facts.facts_kept(ws, data.info.id)
    if not kept:
        st.info(
            "Drop orders, opportunities, activities, contracts or quotas above, beside your accounts: Terr joins them "
            "to the accounts by ID or name, and shows what found none, with its money.",
            icon=":material/receipt_long:",
        )
        return
    try:
        facts = kept_facts.fact_set_of(ws, data.info.id, data.accounts)
    except TerrError as error:
        st.error(markdown(sentence(str(error))))
        return
    names = {f.kind: f.filename for f in kept}
    table = facts_upload.ledger_table([(names[k], j) for k, j in facts.by_kind.items()])
    st.markdown("**In the file = joined + not joined + skipped + rejected**")
    shown = table.drop(columns="currency")
    for column in [c for c in shown.columns if c.startswith("Amount")]:
        pairs = zip(table[column], table["currency"], strict=True)
        shown[column] = [short(v, c) if v else "–" for v, c in pairs]
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        key=f"terr_fact_ledger_{data.info.id}",
        column_config={c: st.column_config.NumberColumn(format="localized") for c in ("Rows in", *_ROWS)},
    )
    unjoined_view.customers_part(data, facts)
    _figures(data)
    row = st.container(horizontal=True)
    for one in kept:
        if row.button(
            f"Remove {markdown(facts_upload.KIND_LABELS[one.kind].casefold())}",
            key=f"drop_{one.kind}",
            icon=":material/delete:",
            help=f"From this data set; the file can be imported again. Files: {markdown(', '.join(one.extracts))}",
        ):
            if attempt(lambda k=one.kind: _dropped(data, k)) is not None:  # type: ignore[misc]
                state.say(f"{facts_upload.KIND_LABELS[one.kind]} removed.")
            st.rerun()


def _figures(data: Dataset) -> None:
    """Figures of facts that are measures too, chosen or typed."""
    ws = state.workspace()
    offered, added = facts_upload.figures_offered(ws, data.info.id)
    has = [m for m in data.accounts.measures if "," in m or m in facts_upload.USUAL]
    st.caption(
        markdown(f"Measures from these facts: {', '.join(has)}") if has else "No measure comes from these facts."
    )
    picked = st.multiselect(
        "More measures",
        offered,
        default=added,
        accept_new_options=True,
        key=f"terr_figures_{data.info.id}_{len(added)}",
        placeholder="Choose, or type one such as “Sales, 2025” or “Sales, last 6 months, Category = Furniture”",
        help="Averages, days and growth don't add up over accounts; use them in scores and segments.",
    )
    if list(picked) != list(added):
        if attempt(lambda: _saved_figures(data, [str(p) for p in picked])) is not None:
            st.rerun()
        state.show_said()


def _saved_figures(data: Dataset, names: list[str]) -> bool:
    facts_upload.save_figures(state.workspace(), data.info.id, names)
    return True


_ROWS = ("Joined", "Not joined", "Skipped", "Rejected")


def _dropped(data: Dataset, kind: str) -> bool:
    kept_facts.drop_facts(state.workspace(), data.info.id, kind)
    return True
