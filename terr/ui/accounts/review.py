"""The review of imported accounts: one sentence, a bar of money, and issues and the rest behind tabs."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from terr.ui.accounts import corrections, duplicates, facts, next_extract
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.charts import money_bar
from terr.view.text import count, markdown, percent, short
from terr.workspace.accounts import dataset
from terr.workspace.accounts import review as review_data
from terr.workspace.accounts.dataset import Dataset, Intake
from terr.workspace.plan import new_plan

_FATES = {"Imported": "#009E73", "Imported, no location": "#E69F00", "Skipped": "#9AA1AB", "Rejected": "#D55E00"}
TABS = (
    "Issues",
    "Automatic corrections",
    "Duplicates and families",
    "Changes",
    "Rows, amounts and locations",
    "Orders and other facts",
    "Update with new data",
)


def summary(data: Dataset) -> Intake | None:
    """What became of every row and every dollar; None while the file is read."""
    taken = dataset.cached_ledger(state.workspace(), data.info)
    if taken is None:
        taken = _read_again(data)
    if taken is None:
        return None
    measure = measure_of(taken)
    st.markdown(f"#### {verdict(taken, measure)}")
    if line := planned_with(data, taken, measure):
        st.markdown(line)
    for note in data.notes:
        st.warning(markdown(note), icon=":material/warning:")
    if measure:
        bar = _bar(taken, measure)
        st.caption(markdown(_bar_title(taken, measure)))
        st.altair_chart(money_bar(bar), width="stretch")
    next_extract.drifted_plans(data)
    corrections.working()
    return taken


def details(data: Dataset, taken: Intake) -> None:
    """What a person can do about it, each part drawn when it is opened."""
    measure = measure_of(taken)
    parts = st.tabs(TABS, key=f"terr_review_{data.info.id}", on_change="rerun")
    draw: tuple[Callable[[], None], ...] = (
        lambda: corrections.needs(data, taken, measure),
        lambda: corrections.repairs(data, taken, measure),
        lambda: duplicates.duplicates_part(data),
        lambda: corrections.changes(data),
        lambda: _figures(taken),
        lambda: facts.kept_part(data),
        lambda: next_extract.next_extract_part(data, measure),
    )
    for tab, body in zip(parts, draw, strict=True):
        if tab.open:
            with tab:
                body()


def _read_again(data: Dataset) -> Intake | None:
    """The ledger, made again from the kept file beside the page; None while that goes on."""
    ws, key = state.workspace(), data.info.id
    if state.get("gate_read_of") != key:
        state.put("gate_read_of", key)
        window_jobs.end("gate_read")
    if state.get("gate_read") is None:
        window_jobs.quick("gate_read", lambda progress: dataset.ledger_of(ws, key, progress=progress))
    taken = dataset.cached_ledger(ws, data.info)
    if taken is None:
        window_jobs.follow("gate_read", stop="Cancel")
        if state.get("gate_read") is not None and not window_jobs.running("gate_read"):
            st.button("Read the file again", key="read_again", on_click=window_jobs.end, args=("gate_read",))
    return taken


def measure_of(taken: Intake) -> str:
    """The measure whose money is shown: potential or revenue if there is one; "" if there is none."""
    names = list(taken.ledger.totals)
    return names[new_plan.suggested_measure(names)] if names else ""


def _currency(taken: Intake, measure: str) -> str:
    return dict(taken.accounts.currency).get(measure, "")


def verdict(taken: Intake, measure: str) -> str:
    """What was imported, what was skipped, and how many rows have an issue."""
    ledger, currency = taken.ledger, _currency(taken, measure)
    whole = ledger.rows_accepted == ledger.rows_in
    every = f"{'All ' * (ledger.rows_in > 1)}{count(ledger.rows_in, 'row')}"
    out = every if whole else f"{ledger.rows_accepted:,} of {ledger.rows_in:,} rows"
    out += " imported"
    if measure:
        total = ledger.totals[measure]
        part = "" if whole else f"{short(total.accepted, currency)} of "
        out += markdown(f" ({part}{short(total.total_in, currency)}{'' if currency else ' ' + measure})")
    if ledger.rows_excluded:
        lost = ledger.totals[measure].excluded if measure else 0.0
        out += f". {count(ledger.rows_excluded, 'row that is not an account', 'rows that are not accounts')} skipped"
        out += f" ({markdown(short(lost, currency))})" if lost else ""
    away = review_data.not_covered(taken)
    if len(away):
        sums = f" ({short(float(taken.accounts.frame[measure].iloc[away].sum()), currency)})" if measure else ""
        out += f". {count(len(away), 'account')}{markdown(sums)} outside the 50 states and DC, not covered by the maps"
    need, warned = review_data.need_of(taken), review_data.warnings_of(taken)
    issues = count(need, "row has an issue", "rows have issues") if need else "No issues"
    warnings = f"; {count(warned, 'row', 'rows')} imported with a warning" if warned else ""
    return f"{out}. {issues}{warnings}."


def planned_with(data: Dataset, taken: Intake, measure: str) -> str:
    """What is planned with after decisions about duplicates and families; "" if there are none."""
    was, now = data.originals, data.accounts
    if len(was) == len(now) and all(was.total(m) == now.total(m) for m in was.measures):
        return ""
    parts = [f"{len(now):,} accounts"]
    less = ""
    if measure in now.measures:
        currency = _currency(taken, measure)
        parts.append(f"{markdown(short(now.total(measure), currency))} {markdown(measure)}")
        change = now.total(measure) - was.total(measure)
        less = f", {markdown(short(abs(change), currency))} {'less' if change < 0 else 'more'} than imported"
    return f"After your decisions about duplicates and families, you plan with {' and '.join(parts)}{less}."


def _figures(taken: Intake) -> None:
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        st.markdown("**In the file = imported + skipped + rejected**")
        st.dataframe(status_table(taken), hide_index=True, width="stretch", key="terr_fates")
    with right:
        st.markdown("**How accounts were located**")
        st.dataframe(
            ways_table(taken),
            hide_index=True,
            width="stretch",
            key="terr_ways",
            column_config={"Accounts": st.column_config.NumberColumn(format="localized")},
        )
    st.caption("ZIP points and cities: GeoNames, CC BY 4.0. Boundaries: US Census Bureau 2023 through us-atlas.")


def ways_table(taken: Intake) -> pd.DataFrame:
    """How many accounts were located in which way."""
    total = max(1, taken.ledger.rows_accepted)
    return pd.DataFrame(
        {
            "Located": [dataset.WAYS[w] for w in taken.located],
            "Accounts": list(taken.located.values()),
            "Share": [percent(100 * n / total) for n in taken.located.values()],
        }
    )


def status_table(taken: Intake) -> pd.DataFrame:
    """Rows and each measure by fate; the columns add up from left to right."""
    ledger = taken.ledger
    heads = ("", "In the file", "Imported", "Skipped", "Rejected")
    counts = (ledger.rows_in, ledger.rows_accepted, ledger.rows_excluded, ledger.rows_rejected)
    rows = [dict(zip(heads, ["Rows", *(f"{n:,}" for n in counts)], strict=True))]
    for name, t in ledger.totals.items():
        money = [short(v, _currency(taken, name)) for v in (t.total_in, t.accepted, t.excluded, t.rejected)]
        rows.append(dict(zip(heads, [name, *money], strict=True)))
    return pd.DataFrame(rows)


def _bar(taken: Intake, measure: str) -> pd.DataFrame:
    total = taken.ledger.totals[measure]
    frame = taken.accounts.frame
    lost = float(frame.loc[frame["located_by"] == "unlocated", measure].sum())
    values = [total.accepted - lost, lost, total.excluded, total.rejected]
    out = pd.DataFrame({"fate": list(_FATES), "value": values, "color": list(_FATES.values())})
    out["text"] = [short(v, _currency(taken, measure)) for v in values]
    out["value"] = out["value"].clip(lower=0.0)
    out["fate"] = out["fate"] + " (" + out["text"] + ")"
    return out[out["value"] > 0]


def _bar_title(taken: Intake, measure: str) -> str:
    total = taken.ledger.totals[measure]
    return f"Where your {short(total.total_in, _currency(taken, measure))} {measure} went"
