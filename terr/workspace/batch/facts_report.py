"""Accounts and their facts as a command line names them: joined, grouped by territory, rep, type or segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import unit_codes
from terr.errors import InputError
from terr.ingest.columns.kinds import ACCOUNTS
from terr.ingest.facts.fact_fields import KINDS
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.facts.large_facts import MOST_BYTES
from terr.model.accounts import Accounts
from terr.model.json_values import to_plain
from terr.model.progress import UNWATCHED, Progress
from terr.report.safe import shown
from terr.workspace.accounts.decisions_file import NOTHING, Decisions
from terr.workspace.accounts.intake import Intake
from terr.workspace.batch.inputs import BatchRequest, NamedFile
from terr.workspace.batch.local_files import read_file
from terr.workspace.batch.measure_names import COUNT
from terr.workspace.batch.prepare import prepare
from terr.workspace.batch.reading import read_accounts
from terr.workspace.batch.starting_plan import read_plan
from terr.workspace.facts.forecasting import forecast_orders
from terr.workspace.facts.groups import account_groups, own_column
from terr.workspace.facts.joined_facts import JoinedFacts, facts_of, join
from terr.workspace.facts.kept_facts import joined_as_decided
from terr.workspace.facts.performance import NOBODY, FactSet, Period, performance, row_groups
from terr.workspace.facts.unjoined_customers import KEY as FACT_CUSTOMERS


@dataclass(frozen=True)
class FactFiles:
    """What a command names.

    Attributes:
        accounts: path of the accounts, or of facts whose customers are the accounts.
        by_kind: kind -> path of its facts.
        plan: a plan file, None for none; level and region: of its units.
    """

    accounts: str
    by_kind: Mapping[str, str]
    plan: NamedFile | None = None
    level: str = ""
    region: str = ""


@dataclass(frozen=True, eq=False)
class FactInputs:
    """Accounts, their facts and the territory of each account (object (accounts,), `NOBODY` where it has none)."""

    taken: Intake
    facts: FactSet
    territories: NDArray[np.object_]

    @property
    def accounts(self) -> Accounts:
        """Whose facts they are."""
        return self.taken.accounts

    def own_column(self, by: str) -> str:
        """The column of the facts' own files that `segment:COLUMN` names; "" if they have none of that name."""
        return own_column(self.facts.by_kind, by)

    def groups(self, by: str) -> NDArray[np.object_]:
        """The group of each account.

        Args:
            by: "territory", "rep", "manager", "type", "segment:COLUMN" or "all".

        Raises:
            InputError: no plan to take territories from, no column of that name.
        """
        return account_groups(self.accounts.frame, by, self.facts.by_kind, self.territories)


def one_file(
    path: str,
    accounts: str,
    kind: str | None,
    chosen: Mapping[str, str],
    answers: Mapping[str, str],
    progress: Progress = UNWATCHED,
    decisions: Decisions = NOTHING,
) -> JoinedFacts:
    """A file of facts joined to the accounts of another, or to its own customers.

    Raises:
        InputError: if one of the files can't be used.
    """
    taken = read_accounts(read_file(accounts), accounts, decisions=decisions)
    joined = facts_of(
        read_file(path, "file of facts", max_bytes=MOST_BYTES),
        path,
        taken.accounts,
        kind=kind,
        chosen=chosen,
        answers=answers,
        progress=progress,
    )
    return _as_decided(joined, taken.accounts, decisions)


def _as_decided(joined: JoinedFacts, accounts: Accounts, decisions: Decisions) -> JoinedFacts:
    """Facts with what a person decided about customers without an account, as the pages join them."""
    if not decisions.fact_customers:
        return joined
    return joined_as_decided(joined.facts, accounts, {FACT_CUSTOMERS: to_plain(decisions.fact_customers)})


def read_fact_files(files: FactFiles, decisions: Decisions = NOTHING, progress: Progress = UNWATCHED) -> FactInputs:
    """Read accounts and facts, and put the accounts on the territories of a plan.

    Raises:
        InputError: if a file can't be used.
        LocateError: an unknown region. StoppedError: if the person stopped it.
    """
    data = read_file(files.accounts)
    taken = read_accounts(data, files.accounts, decisions=decisions)
    by_kind: dict[str, JoinedFacts] = {}
    for kind in KINDS:
        if kind in files.by_kind:
            path = files.by_kind[kind]
            joined = facts_of(
                read_file(path, f"file of {kind}", max_bytes=MOST_BYTES),
                path,
                taken.accounts,
                kind=kind,
                progress=progress,
            )
            by_kind[kind] = _as_decided(joined, taken.accounts, decisions)
    if taken.kind != ACCOUNTS and taken.kind not in by_kind:
        by_kind[taken.kind] = join(read_facts(taken.raw, taken.kind), taken.accounts)
    if not by_kind:
        raise InputError("there are no facts to measure; name a file with --orders, --opportunities, --activities ...")
    owners = taken.accounts.frame["owner"].astype(str).to_numpy(dtype=object)
    territories = np.zeros(0, dtype=object)
    if files.plan is not None:
        request = BatchRequest(files.level, files.region, COUNT, plan=files.plan)
        ground = prepare(data, files.accounts, request, decisions=decisions)
        plan, _ = read_plan(files.plan, ground)
        names = np.array([*(t.name for t in plan.territories), NOBODY], dtype=object)
        units = unit_codes(ground.accounts, ground.units)
        at = {t.code: k for k, t in enumerate(plan.territories)}
        code = np.where(units >= 0, plan.assign[np.maximum(units, 0)], -1)
        of = np.array([at.get(int(c), len(at)) for c in code.tolist()], dtype=np.int64)
        by_id = dict(zip(ground.accounts.frame["account_id"].astype(str), names[of], strict=True))
        territories = np.array(
            [by_id.get(i, NOBODY) for i in taken.accounts.frame["account_id"].astype(str)], dtype=object
        )
    return FactInputs(taken, FactSet(by_kind, owners), territories)


def performance_report(inputs: FactInputs, by: str, start: str | None, end: str | None, basis: str) -> dict[str, Any]:
    """The contract of `terr performance --json`.

    Raises:
        InputError: an unknown group, basis or day.
    """
    usual = inputs.facts.usual_period()
    period = Period(_day(start, usual.start), _day(end, usual.end))
    groups = inputs.groups(by)
    rows = performance(inputs.facts, groups, period, basis=basis, column=inputs.own_column(by))
    return {
        "by": by,
        "basis": basis,
        "period": {"from": str(period.start), "to": str(period.end)},
        "before": {"from": str(period.before.start), "to": str(period.before.end)},
        "facts": {kind: {"rows": len(j.account), "money": j.money()} for kind, j in inputs.facts.by_kind.items()},
        "rows": rows,
    }


def forecast_report(
    inputs: FactInputs, by: str, periods: int, every: str, progress: Progress = UNWATCHED
) -> dict[str, Any]:
    """The contract of `terr forecast --json`.

    Raises:
        InputError: no orders, an unknown group, too many periods.
    """
    orders = inputs.facts.by_kind.get("orders")
    if orders is None:
        raise InputError("a forecast is made from orders; name their file with --orders")
    groups = inputs.groups(by)
    of = row_groups(orders, groups, column=inputs.own_column(by)) if len(groups) else groups
    series = forecast_orders(orders, of, periods=periods, every=every, progress=progress)
    return {"by": by, "every": every, "series": series}


def _day(text: str | None, usual: np.datetime64) -> np.datetime64:
    if text is None:
        return usual
    try:
        return np.datetime64(text.strip(), "D")
    except ValueError:
        raise InputError(f"{shown(text)} is no day; write it as 2026-01-31") from None
