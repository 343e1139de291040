"""Named accounts from a file: accounts that go to a territory or a rep wherever they lie."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.ingest.columns.words import compact
from terr.ingest.reading.files import RawTable, read_table
from terr.model.person import Person
from terr.model.result import Explanation
from terr.report.safe import shown
from terr.store import ExceptionEntry, ExceptionRequest
from terr.view.text import count
from terr.workspace.batch.inputs import BatchInputs, rep_called
from terr.workspace.batch.starting_plan import StartingPlan, position
from terr.workspace.plan.named_accounts import resolve, today

FIELDS = ("account_id", "territory", "rep", "kind", "since", "until", "reason")


def with_named_accounts_of(
    filename: str, data: bytes, ground: BatchInputs, start: StartingPlan, *, day: date | None = None
) -> BatchInputs:
    """The inputs with the accounts of a file going by name, as the register of exceptions has them.

    Args:
        filename: for messages.
        data: the file, with the columns of `FIELDS`: `account_id`, and `territory` or `rep`; the others may be missing.
        ground: the accounts and the roster.
        start: the plan whose territories are named, or covered by the reps that are.
        day: instead of today; rows whose last day is past, or whose first is ahead, are told and left out.

    Raises:
        InputError: for a file that isn't such a table, or a row that can't be carried out, saying which and why.
    """
    raw = read_table(data, filename, header_row=1)
    columns = {f: c for f in FIELDS for c in raw.columns if compact(c) == compact(f)}
    if "account_id" not in columns or not {"territory", "rep"} & set(columns):
        raise InputError(
            f"--named: {filename} needs the columns account_id and territory or rep (as {','.join(FIELDS)})"
        )
    entries = tuple(
        _entry(raw, at, {f: str(raw.rows[c].iloc[at]).strip() for f, c in columns.items()}, ground, start)
        for at in range(len(raw.rows))
        if (raw.rows.iloc[at] != "").any()
    )
    lies = account_codes(ground.accounts, ground.units, start.plan)
    found = resolve(entries, ground.accounts, start.plan, day or today(), lies, ground.reps)
    for state, why in (
        ("account not found", "isn't among the accounts; give ids as in the file of accounts"),
        (
            "no territory",
            "goes to a rep who has no territory in the plan of the plan; give --plan with one named after the rep",
        ),
    ):
        if lost := found.of(state):
            one = lost[0].entry
            raise InputError(f"--named: row {one.n} of {filename}: account {shown(one.what.account_id)} {why}")
    notes = [Explanation("many_exceptions", found.warning)] if found.warning else []
    if past := len(found.of("expired")):
        notes.append(
            Explanation(
                "exceptions_past",
                f"{count(past, 'row')} of {filename} past the last day {'is' if past == 1 else 'are'} left out",
            )
        )
    if later := len(found.of("starts later")):
        notes.append(
            Explanation(
                "exceptions_ahead",
                f"{count(later, 'row')} of {filename} with a first day ahead {'is' if later == 1 else 'are'} left out",
            )
        )
    return ground.with_overrides(found.held, notes)


def _day(text: str, where: str) -> date | None:
    """A day as 2027-03-31, None if nothing is given."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"{where}: {shown(text)} is no day; write it as 2027-03-31") from None


def _entry(
    raw: RawTable, at: int, cells: Mapping[str, str], ground: BatchInputs, start: StartingPlan
) -> ExceptionEntry:
    row = int(raw.source_rows[at])
    where = f"--named: row {row} of {raw.filename}"
    territory, rep, until = (cells.get(f, "") for f in ("territory", "rep", "until"))
    code = None
    if territory:
        name = start.names[position(start.names, territory, f"{where}: there is no")]
        code = next((t.code for t in start.plan.territories if t.name == name), None)
        if code is None:
            raise InputError(f"{where}: {shown(name)} has no areas yet; give today's plan with --plan")
    elif rep:
        rep = rep_called(ground.reps, rep, where).rep_id
    last, first = _day(until, where), _day(cells.get("since", ""), where)
    try:
        what = ExceptionRequest(
            cells["account_id"],
            cells.get("kind", "").casefold() or "named",
            code,
            rep,
            last,
            cells.get("reason", ""),
            first,
        )
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    return ExceptionEntry(at, row, what, Person(), datetime.now(UTC), None, "", "")
