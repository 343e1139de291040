"""A file of facts on its way in: its kind told, its columns and answers confirmed, joined, compared, then kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import pandas as pd

from terr.errors import InputError
from terr.ingest.columns.kinds import ACCOUNTS, kind_of_rows
from terr.ingest.facts.fact_fields import KINDS, field_names
from terr.ingest.facts.fact_rows import STAGE, FactRows, read_facts
from terr.ingest.facts.large_facts import in_pieces, read_large_facts
from terr.ingest.reading.files import RawTable
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.report.safe import shown
from terr.workspace.facts.fact_measures import FIGURES, MOST_FIGURES, OFFERED, USUAL, WORDS, figure_named
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.kept_facts import KeptFacts, fact_rows, facts_in, facts_kept, joined_as_decided, keep_facts
from terr.workspace.facts.next_facts import ADD, REPLACE, FactsChange, combined, compare_facts
from terr.workspace.workspace import Workspace

__all__ = ["ADD", "KINDS", "REPLACE", "USUAL"]  # for the pages

KIND_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "orders": "Orders",
        "opportunities": "Opportunities",
        "activities": "Activities",
        "contracts": "Contracts",
        "quotas": "Quotas",
    }
)
FIELD_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "account": "Account ID",
        "account_name": "Account name",
        "id": "ID",
        "date": "Date",
        "amount": "Amount",
        "profit": "Profit",
        "quantity": "Quantity",
        "product": "Product",
        "rep": "Rep",
        "stage": "Stage",
        "won": "Won (yes or no)",
        "created": "Created date",
        "closed": "Close date",
        "type": "Type",
        "start": "Start date",
        "end": "End or renewal date",
        "status": "Status",
        "territory": "Territory",
        "period": "Period",
    }
)
ISSUES: Mapping[str, str] = MappingProxyType(
    {
        "bad_date": "Dates that can't be read",
        "id_used_twice": "IDs used twice; the last row counts",
        "no_close_date": "Won or lost without a close date",
        "closed_before_created": "Closed before created",
        "ends_before_start": "Contracts that end before they start",
        "credit_note": "Credit notes",
        "mixed_currency": "Amounts in another currency",
        "not_a_number": "Amounts that can't be read",
        "left_out": "Customers left out, as you chose",
        "duplicate_row": "Exact copies of another row",
        "total_row": "Totals and subtotals",
        "footer": "The report's footer",
        "blank_row": "Blank rows",
        "header_row": "Repeated headers",
    }
)
KEEP = "Keep as attribute"


@dataclass(frozen=True, eq=False)
class FactsDraft:
    """A file of facts that was read, and isn't kept yet.

    Attributes:
        of: id of the data set whose facts they are.
        data: its bytes; raw: its table.
        kind: what a row is.
        chosen: field -> column, as a person chose; empty before that.
        answers: to what it leaves open.
        facts: its rows; joined: with the account of each.
        change: what happened since the extract before; None if there is none of its kind.
        problem: why it can't be read this way, "" if it can; facts, joined and change are None then.
    """

    of: str
    data: bytes
    raw: RawTable
    kind: str
    chosen: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    facts: FactRows | None = None
    joined: JoinedFacts | None = None
    change: FactsChange | None = None
    problem: str = ""

    @property
    def rows(self) -> int:
        """Rows of the file; of a large one `raw` has the first only."""
        return len(self.facts.fates) if self.facts is not None else len(self.raw.rows)

    @property
    def open(self) -> tuple[Mapping[str, str], ...]:
        """Questions without an answer."""
        asked = self.facts.questions if self.facts is not None else ()
        return tuple(q for q in asked if q["key"] not in self.answers)

    @property
    def few_joined(self) -> bool:
        """Whether most facts belong to no account here: their key may be another column."""
        if self.joined is None or self.kind == "quotas" or not len(self.joined.account):
            return False
        return bool((self.joined.account >= 0).mean() < 0.5)


def open_facts(
    ws: Workspace,
    dataset_id: str,
    accounts: Accounts,
    data: bytes,
    raw: RawTable,
    *,
    kind: str = "",
    progress: Progress = UNWATCHED,
) -> FactsDraft:
    """A file of facts for the accounts of a data set; columns and answers are those of its kind's last extract.

    Args:
        ws: where.
        dataset_id: whose facts they are; accounts: its accounts.
        data: the file's bytes; raw: its table.
        kind: what a row is; by default what the headers say.
        progress: told how far it is.

    Raises:
        StoppedError: if the person stopped it.
    """
    told = kind or kind_of_rows(raw.columns)
    last = next((f for f in facts_kept(ws, dataset_id) if f.kind == told), None)
    chosen = {f: c for f, c in last.fields.items() if c in raw.columns} if last is not None else {}
    if last is not None and len(chosen) < len(last.fields):
        chosen = {}  # another layout
    draft = FactsDraft(dataset_id, data, raw, told, chosen, dict(last.answers) if last is not None else {})
    return _worked_out(ws, dataset_id, accounts, draft, progress)


def changed_draft(
    ws: Workspace,
    dataset_id: str,
    accounts: Accounts,
    draft: FactsDraft,
    *,
    kind: str = "",
    chosen: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
    progress: Progress = UNWATCHED,
) -> FactsDraft:
    """The draft as another kind, with other columns or answers; what isn't given stays."""
    if kind and kind != draft.kind:
        draft = replace(draft, kind=kind, chosen={}, answers={})
    if chosen is not None:
        draft = replace(draft, chosen=dict(chosen))
    if answers is not None:
        draft = replace(draft, answers={**draft.answers, **answers})
    return _worked_out(ws, dataset_id, accounts, draft, progress)


def _worked_out(
    ws: Workspace, dataset_id: str, accounts: Accounts, draft: FactsDraft, progress: Progress
) -> FactsDraft:
    if draft.kind == ACCOUNTS:
        return replace(draft, facts=None, joined=None, change=None, problem="Choose what the rows of this file are.")
    how: dict[str, Any] = {"chosen": draft.chosen, "answers": draft.answers, "progress": progress}
    try:
        if in_pieces(draft.data, draft.raw.filename, draft.kind):
            facts = read_large_facts(draft.data, draft.raw.filename, draft.kind, **how)
        else:
            facts = read_facts(draft.raw, draft.kind, **how)
    except InputError as error:
        return replace(draft, facts=None, joined=None, change=None, problem=str(error))
    facts = with_currency(facts, accounts)
    kept = next((f for f in facts_kept(ws, dataset_id) if f.kind == draft.kind), None)
    change = compare_facts(fact_rows(ws, dataset_id, kept), facts) if kept is not None else None
    joined = joined_as_decided(facts, accounts, ws.store.datasets.get(dataset_id).mapping)
    return replace(draft, facts=facts, joined=joined, change=change, problem="")


def with_currency(facts: FactRows, accounts: Accounts) -> FactRows:
    """The facts in the currency of the accounts' money, if their own cells name none and the accounts have one."""
    usual = {c for _, c in accounts.currency}
    return replace(facts, currency=usual.pop()) if not facts.currency and len(usual) == 1 else facts


def import_facts(ws: Workspace, dataset_id: str, draft: FactsDraft, how: str = ADD) -> KeptFacts:
    """Keep the facts of a file with a data set.

    Args:
        ws: where.
        dataset_id: whose facts they are.
        draft: the file, without an open question.
        how: `ADD` or `REPLACE`, if there are facts of this kind already.

    Raises:
        InputError: if something is open. LocateError, RoleError: if the data set isn't this person's to change.
    """
    if draft.facts is None:
        raise InputError(draft.problem)
    if draft.open:
        raise InputError(f"{draft.open[0]['title']} Answer this first")
    kept = next((f for f in facts_kept(ws, dataset_id) if f.kind == draft.kind), None)
    facts, before = draft.facts, tuple[str, ...]()
    if kept is not None and how == ADD:
        facts, before = combined(fact_rows(ws, dataset_id, kept), facts, how), kept.extracts
    return keep_facts(
        ws, dataset_id, facts, draft.raw.filename, data=draft.data, answers=draft.answers, extracts=before
    )


def figures_offered(ws: Workspace, dataset_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of figures that a data set could have as measures, and those a person added."""
    info = ws.store.datasets.get(dataset_id)
    added = tuple(str(n) for n in info.mapping.get(FIGURES) or ())
    kinds = {f.kind for f in facts_in(info.mapping)}
    offered = tuple(n for n in OFFERED if (f := figure_named(n)) is not None and f.figure.kind in kinds)
    return tuple(dict.fromkeys((*offered, *added))), added


def save_figures(ws: Workspace, dataset_id: str, names: Sequence[str]) -> None:
    """Have figures of facts as measures, beside the usual ones.

    Raises:
        InputError: for a name that says no figure, or too many of them.
        LocateError, RoleError: if the data set isn't this person's to change.
    """
    found = []
    for name in names:
        one = figure_named(name)
        if one is None:
            raise InputError(
                f"{shown(name)} is no figure of facts; write it as “Sales, last 6 months”, “Orders, 2025” or “Sales, "
                f"2025, Category = Furniture”. It begins with {', '.join(WORDS)}"
            )
        found.append(one.name)
    if len(found) > MOST_FIGURES:
        raise InputError(f"a data set has up to {MOST_FIGURES} figures of facts; remove one first")
    kept = list(dict.fromkeys(found))
    ws.store.datasets.change(dataset_id, lambda info: ({**info.mapping, FIGURES: kept}, info.summary))


def fields_of(draft: FactsDraft) -> dict[str, str]:
    """Column -> label of what it is, in the file's order; `KEEP` for the others."""
    fields = draft.facts.fields if draft.facts is not None else draft.chosen
    label = {column: FIELD_LABELS[f] for f, column in fields.items()}
    return {str(c): label.get(str(c), KEEP) for c in draft.raw.columns}


def labels_of(kind: str) -> tuple[str, ...]:
    """What a column of a kind may be."""
    return (KEEP, *(FIELD_LABELS[f] for f in field_names(kind))) if kind in KINDS else (KEEP,)


def chosen_of(labels: Mapping[str, str]) -> dict[str, str]:
    """Field -> column, from column -> label.

    Raises:
        InputError: if two columns have one label.
    """
    fields = {label: f for f, label in FIELD_LABELS.items()}
    out: dict[str, str] = {}
    for column, label in labels.items():
        f = fields.get(label)
        if f in out:
            raise InputError(f'both "{out[str(f)]}" and "{column}" are marked as {label}; keep one')
        if f is not None:
            out[f] = column
    return out


def stages_of(draft: FactsDraft) -> pd.DataFrame:
    """Stages of deals, most rows first: Stage, Deals, and what each counts as (open, won or lost)."""
    if draft.facts is None or "stage" not in draft.facts.frame:
        return pd.DataFrame(columns=["Stage", "Deals", "Counts as"])
    table = draft.facts.frame.groupby("stage", as_index=False).agg(Deals=("status", "size"), means=("status", "first"))
    table = table.sort_values(["Deals", "stage"], ascending=[False, True], ignore_index=True)
    return table.rename(columns={"stage": "Stage", "means": "Counts as"})


def stage_answers(stages: Sequence[str], meanings: Sequence[str]) -> dict[str, str]:
    """The answers that say what stages mean."""
    return {f"{STAGE}{s}": m for s, m in zip(stages, meanings, strict=True)}


def ledger_table(joined: Sequence[tuple[str, JoinedFacts]]) -> pd.DataFrame:
    """Rows and money of facts by what became of them: in the file = joined + not joined + skipped + rejected.

    Args:
        joined: names of files and their facts.

    Returns:
        `Facts`, `File`, then per fate a whole number of rows and the amount in the file's own currency.
    """
    rows: list[dict[str, Any]] = []
    for name, one in joined:
        report = one.report()
        money = report["money"]
        if one.facts.kind == "quotas":  # a quota is a rep's, or a territory's, and has no account
            report["rows_joined"], report["rows_unjoined"] = report["rows_unjoined"], 0
            money["joined"], money["unjoined"] = money["unjoined"], 0.0
        rows.append(
            {
                "Facts": KIND_LABELS[one.facts.kind],
                "File": name,
                "Rows in": report["rows_in"],
                "Joined": report["rows_joined"],
                "Not joined": report["rows_unjoined"],
                "Skipped": report["rows_excluded"],
                "Rejected": report["rows_rejected"],
                "Amount in": money["in"],
                "Amount joined": money["joined"],
                "Amount not joined": money["unjoined"],
                "Amount skipped": money["excluded"],
                "Amount rejected": money["rejected"],
                "currency": one.facts.currency,
                "First": report["first_date"] or "",
                "Last": report["last_date"] or "",
            }
        )
    return pd.DataFrame(rows)


def issues_table(facts: FactRows) -> pd.DataFrame:
    """What was found in a file, most rows first: What, Rows, First row, Example, Status."""
    issues = facts.issues
    if not len(issues):
        return pd.DataFrame(columns=["What", "Rows", "First row", "Example", "Status"])
    said = {"accepted": "imported with a warning", "excluded": "skipped", "rejected": "rejected"}
    found = issues.groupby(["code", "fate"], as_index=False, sort=False).agg(
        rows=("row", "size"), first=("row", "min"), example=("message", "first")
    )
    found = found.sort_values("rows", ascending=False, ignore_index=True)
    return pd.DataFrame(
        {
            "What": [ISSUES.get(c, c.replace("_", " ").capitalize()) for c in found["code"]],
            "Rows": found["rows"],
            "First row": found["first"],
            "Example": found["example"],
            "Status": [said.get(f, f) for f in found["fate"]],
        }
    )
