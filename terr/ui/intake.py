"""The parts of the Accounts page: file, columns, review."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.demo import write_demo
from terr.errors import InputError, TerrError
from terr.ingest import FIELDS
from terr.ingest.columns import ColumnMap, candidates, check_map
from terr.ingest.files import RawTable
from terr.ui import state
from terr.view.charts import money_bar
from terr.view.text import count, markdown, percent, short
from terr.workspace import imports
from terr.workspace.exports import CSV, XLSX, safe_csv

LABELS = {
    "account_id": "Account id",
    "name": "Name",
    "owner": "Owner",
    "zip": "ZIP",
    "city": "City",
    "state": "State",
    "county": "County",
    "latitude": "Latitude",
    "longitude": "Longitude",
}
MEASURE, MONEY, KEEP = "Measure (a number)", "Measure (US dollars)", "Keep as attribute"
_FATES = {"Accepted": "#009E73", "Accepted, not located": "#E69F00", "Excluded": "#9AA1AB", "Rejected": "#D55E00"}


@st.cache_data(show_spinner=False)
def sample_file() -> bytes:
    """The demo workbook, to look at or to start from."""
    from io import BytesIO

    buffer = BytesIO()
    write_demo(buffer)
    return buffer.getvalue()


def choose_file() -> None:
    """Step 1: a file or the demo."""
    left, right = st.columns([1.55, 1], gap="medium")
    with left:
        given = st.file_uploader(
            "Account spreadsheet: CSV or Excel, as your CRM exports it (up to 200 MB)",
            type=None,
            key=f"terr_upload_{state.get('upload_round', 0)}",
            help="The file stays on this machine.",
        )
    with right:
        st.caption("New here?")
        if st.button(
            "Try the demo (5,000 accounts, 12 reps)", icon=":material/play_circle:", width="stretch", key="demo"
        ):
            with st.spinner("Taking in 5,000 accounts …"):
                data = imports.demo_dataset(state.workspace())
            state.use_dataset(data.info.id)
            state.drop("pending")
            st.rerun()
        st.download_button(
            "Sample file (Excel)", sample_file, "terr-demo.xlsx", XLSX, icon=":material/download:", width="stretch"
        )
    if given is not None and state.get("upload_id") != given.file_id:
        state.put("upload_id", given.file_id)
        _read(given.getvalue(), given.name, None)
    if message := state.get("upload_error"):
        st.error(markdown(message), icon=":material/error:")


def _read(data: bytes, name: str, sheet: str | None) -> None:
    state.drop("upload_error")
    if sheet is None:
        state.drop("pending")
    try:
        with st.spinner(f"Reading {markdown(name)} …"):
            raw, columns = imports.inspect(data, name, sheet=sheet)
    except InputError as error:
        state.put("upload_error", str(error))
        return
    state.put("pending", {"data": data, "raw": raw, "columns": columns})


def confirm_columns() -> None:
    """Step 2: which column is what; nothing is taken in before the button."""
    pending = state.get("pending")
    if pending is None:
        return
    raw: RawTable = pending["raw"]
    columns: ColumnMap = pending["columns"]
    st.subheader("2 · Columns")
    st.markdown(
        f"**{markdown(raw.filename)}**: {count(len(raw.rows), 'row')} below the header in row {raw.header_row:,}. "
        "Check what each column is; nothing is taken in until you say so."
    )
    if len(raw.sheets) > 1:
        sheet = st.selectbox("Sheet", raw.sheets, index=raw.sheets.index(raw.sheet or raw.sheets[0]), key="terr_sheet")
        if sheet != raw.sheet:
            _read(pending["data"], raw.filename, sheet)
            st.rerun()
    options = [KEEP, MEASURE, MONEY, *LABELS.values()]
    role = {c: LABELS[f] for f, c in columns.fields.items()}
    dollars = imports.guess_money(columns)
    role |= {c: MONEY if m in dollars else MEASURE for m, c in columns.measures.items()}
    looks = candidates(raw)
    frame = pd.DataFrame(
        {
            "Column": list(looks["column"]),
            "Is": [role.get(c, KEEP) for c in looks["column"]],
            "Examples": list(looks["samples"]),
            "Filled": [100.0 * v for v in looks["filled"]],
        }
    )
    edited = st.data_editor(
        frame,
        key=f"terr_columns_{raw.sha256[:8]}_{raw.sheet}",
        hide_index=True,
        width="stretch",
        height=min(460, 38 + 35 * len(frame)),
        disabled=["Column", "Examples", "Filled"],
        column_config={
            "Is": st.column_config.SelectboxColumn("Is", options=options, required=True, width="medium"),
            "Filled": st.column_config.NumberColumn("Filled", format="%.0f %%", width="small"),
        },
    )
    go, drop, _ = st.columns([1.4, 1, 4])
    if go.button(f"Take in {count(len(raw.rows), 'row')}", type="primary", icon=":material/check:", key="take_in"):
        _take_in(pending, edited)
    if drop.button("Drop this file", key="drop_file"):
        _close()
        st.rerun()


def chosen_columns(frame: pd.DataFrame, decimal: str) -> ColumnMap:
    """The column map a person confirmed.

    Raises:
        InputError: if two columns are given one role.
    """
    field_of = {label: field for field, label in LABELS.items()}
    fields: dict[str, str] = {}
    measures: dict[str, str] = {}
    for column, role in zip(frame["Column"], frame["Is"], strict=True):
        if role in {MEASURE, MONEY}:
            measures[str(column)] = str(column)
        elif role in field_of:
            if field_of[role] in fields:
                raise InputError(
                    f'both "{fields[field_of[role]]}" and "{column}" are marked as {role}; keep one and set the other '
                    f'to "{KEEP}"'
                )
            fields[field_of[role]] = str(column)
    return ColumnMap(fields={f: fields[f] for f in FIELDS if f in fields}, measures=measures, decimal=decimal)  # type: ignore[arg-type]


def _take_in(pending: dict[str, object], edited: pd.DataFrame) -> None:
    raw: RawTable = pending["raw"]  # type: ignore[assignment]
    data: bytes = pending["data"]  # type: ignore[assignment]
    guessed: ColumnMap = pending["columns"]  # type: ignore[assignment]
    try:
        columns = chosen_columns(edited, guessed.decimal)
        check_map(raw, columns)
        with st.spinner(f"Taking in {count(len(raw.rows), 'row')} …"):
            money = {str(c): "USD" for c, r in zip(edited["Column"], edited["Is"], strict=True) if r == MONEY}
            taken = imports.intake(raw, columns, money)
            saved = imports.save(state.workspace(), data, taken, reps=imports.roster_in(data, raw))
    except TerrError as error:
        st.error(markdown(str(error)), icon=":material/error:")
        return
    state.use_dataset(saved.info.id)
    _close()
    st.rerun()


def _close() -> None:
    state.drop("pending", "upload_error")
    state.put("upload_round", state.get("upload_round", 0) + 1)


def review(data: imports.Dataset) -> None:
    """Step 3: what became of every row and every dollar."""
    taken = imports.intake_of(state.workspace(), data.info.id)
    ledger, located = taken.ledger, taken.located
    names = list(ledger.totals)
    measure = names[state.suggested_measure(names)] if names else ""
    st.subheader("3 · Review")
    st.markdown(f"#### {verdict(taken, measure)}")
    if measure:
        st.caption(markdown(_bar_title(taken, measure)))
        st.altair_chart(money_bar(_bar(taken, measure)), width="stretch")
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        st.markdown("**Rows and money in = accepted + excluded + rejected**")
        st.dataframe(fate_table(taken), hide_index=True, width="stretch", key="terr_fates")
    with right:
        st.markdown("**How accounts were located**")
        total = max(1, ledger.rows_accepted)
        ways = pd.DataFrame(
            {
                "Located": [imports.WAYS[w] for w in located],
                "Accounts": list(located.values()),
                "Share": [percent(100 * n / total) for n in located.values()],
            }
        )
        st.dataframe(
            ways,
            hide_index=True,
            width="stretch",
            key="terr_ways",
            column_config={"Accounts": st.column_config.NumberColumn(format="localized")},
        )
    _downloads(taken)
    st.caption("ZIP points and cities: GeoNames, CC BY 4.0. Boundaries: US Census Bureau 2023 through us-atlas.")


def _currency(taken: imports.Intake, measure: str) -> str:
    return dict(taken.accounts.currency).get(measure, "")


def verdict(taken: imports.Intake, measure: str) -> str:
    """One sentence: how much is in, and how much needs a person."""
    ledger = taken.ledger
    out = f"{ledger.rows_accepted:,} of {ledger.rows_in:,} rows"
    if measure:
        total = ledger.totals[measure]
        currency = _currency(taken, measure)
        out += f" and {short(total.accepted, currency)} of {short(total.total_in, currency)} ".replace("$", "\\$")
        out += markdown(measure)
    out += " are in"
    need = ledger.rows_rejected + taken.located["unlocated"]
    return out + (f"; {count(need, 'row needs', 'rows need')} you." if need else "; nothing needs you.")


def fate_table(taken: imports.Intake) -> pd.DataFrame:
    """Rows and each measure by fate; the columns add up from left to right."""
    ledger = taken.ledger
    rows = [
        {
            "": "Rows",
            "In the file": f"{ledger.rows_in:,}",
            "Accepted": f"{ledger.rows_accepted:,}",
            "Excluded": f"{ledger.rows_excluded:,}",
            "Rejected": f"{ledger.rows_rejected:,}",
        }
    ]
    for name, t in ledger.totals.items():
        money = [short(v, _currency(taken, name)) for v in (t.total_in, t.accepted, t.excluded, t.rejected)]
        rows.append(dict(zip(("", "In the file", "Accepted", "Excluded", "Rejected"), [name, *money], strict=True)))
    return pd.DataFrame(rows)


def _bar(taken: imports.Intake, measure: str) -> pd.DataFrame:
    total = taken.ledger.totals[measure]
    frame = taken.accounts.frame
    lost = float(frame.loc[frame["located_by"] == "unlocated", measure].sum())
    values = [total.accepted - lost, lost, total.excluded, total.rejected]
    out = pd.DataFrame({"fate": list(_FATES), "value": values, "color": list(_FATES.values())})
    out["text"] = [short(v, _currency(taken, measure)) for v in values]
    out["value"] = out["value"].clip(lower=0.0)
    out["fate"] = out["fate"] + " (" + out["text"] + ")"
    return out[out["value"] > 0]


def _bar_title(taken: imports.Intake, measure: str) -> str:
    total = taken.ledger.totals[measure]
    return f"What became of the file's {measure}: {short(total.total_in, _currency(taken, measure))}"


def _downloads(taken: imports.Intake) -> None:
    issues, ledger = taken.ledger.issues, taken.ledger
    lost = taken.unlocated()
    a, b, c = st.columns(3)
    bad = ledger.rows_rejected + ledger.rows_excluded
    a.download_button(
        f"Rejected and excluded rows ({bad:,})",
        lambda: safe_csv(ledger.rejected_frame(taken.raw)),
        "rejected-rows.csv", CSV, disabled=not bad, icon=":material/download:", width="stretch",
    )  # fmt: skip
    b.download_button(
        f"Accounts not located ({len(lost):,})", lambda: safe_csv(lost), "not-located.csv", CSV,
        disabled=lost.empty, icon=":material/download:", width="stretch",
    )  # fmt: skip
    c.download_button(
        f"All remarks ({len(issues):,})", lambda: safe_csv(issues), "remarks.csv", CSV,
        disabled=issues.empty, icon=":material/download:", width="stretch",
    )  # fmt: skip
    if len(issues):
        with st.expander(f"Remarks by row ({len(issues):,})", expanded=bool(ledger.rows_rejected)):
            st.dataframe(
                issues.head(2000)[["row", "column", "value", "message", "fate"]].rename(columns=str.capitalize),
                hide_index=True, width="stretch", height=220, key="terr_issues",
            )  # fmt: skip
    if len(lost):
        with st.expander(f"Not located ({len(lost):,}); they stay in all totals as “unlocated”"):
            st.dataframe(lost.head(2000), hide_index=True, width="stretch", height=220, key="terr_lost")
