"""`terr visits`: files named on a command line to a calendar of each rep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.report.safe import shown
from terr.report.visits import visits_csv, visits_gpx, visits_ics
from terr.view.text import count
from terr.workspace.batch.inputs import BatchRequest, NamedFile, rep_called
from terr.workspace.batch.local_files import read_file
from terr.workspace.batch.measure_names import COUNT
from terr.workspace.batch.people.report import PlanFiles
from terr.workspace.batch.prepare import prepare
from terr.workspace.batch.starting_plan import read_plan
from terr.workspace.reps.matching import TeamGround
from terr.workspace.visits.calendar import RepCalendar, calendar_json, file_rows
from terr.workspace.visits.matrix import read_matrix
from terr.workspace.visits.planning import accounts_of, plan_rep, rep_ground
from terr.workspace.visits.settings import VisitSettings


@dataclass(frozen=True, eq=False)
class VisitReport:
    """Calendars of reps.

    Attributes:
        calendars: one each. failed: rep -> why there is none.
        notes: on the files.
    """

    calendars: tuple[RepCalendar, ...]
    failed: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def report(self) -> dict[str, Any]:
        """What `--json` prints: one rep's calendar, or `reps` with one each."""
        parts = [calendar_json(c) for c in self.calendars]
        if len(parts) == 1 and not self.failed:
            return {**parts[0], "notes": [*self.notes, *parts[0]["notes"]]}
        return {
            "reps": parts,
            "failed": [{"rep": rep, "reason": why} for rep, why in self.failed.items()],
            "miles": round(sum(c.miles for c in self.calendars), 2),
            "miles_nearest_neighbor": round(sum(c.nearest.miles for c in self.calendars), 2),
            "notes": list(self.notes),
        }

    def csv(self) -> bytes:
        """All visits as a table."""
        return visits_csv([r for c in self.calendars for r in file_rows(c)])

    def ics(self) -> bytes:
        """All visits as a calendar."""
        return visits_ics([r for c in self.calendars for r in file_rows(c)], datetime.now(UTC))

    def gpx(self) -> bytes:
        """All days as routes."""
        return visits_gpx([r for c in self.calendars for r in file_rows(c)], {c.rep_id: c.home for c in self.calendars})


def visits_report(
    path: str,
    roster: NamedFile,
    files: PlanFiles,
    settings: VisitSettings,
    *,
    reps: Sequence[str] = (),
    matrix: NamedFile | None = None,
    choices: Mapping[str, str] | None = None,
    today: date | None = None,
    progress: Progress = UNWATCHED,
) -> VisitReport:
    """Plan the visits of a plan's reps.

    Args:
        path: of the accounts; roster: reps with home ZIPs; files: the plan, its territories named after reps.
        settings: what is asked.
        reps: only these, by id or name.
        matrix: drive times of one's own.
        choices: field -> column.
        today: by default the clock's.

    Raises:
        InputError: if a file or a setting can't be used, or no rep can be planned.
    """
    settings.check_start(today or datetime.now(UTC).date())
    times = None if matrix is None else read_matrix(matrix[1], matrix[0])
    request = BatchRequest(files.level, files.region, COUNT, plan=files.plan, roster=roster)
    ground = prepare(read_file(path), path, request, choices=choices)
    plan, mended = read_plan(files.plan, ground)
    called = {r.name.casefold(): r.rep_id for r in ground.reps} | {r.rep_id.casefold(): r.rep_id for r in ground.reps}
    named = tuple(replace(t, rep=called.get(t.name.casefold(), "")) for t in plan.territories)
    plan = replace(plan, territories=named)
    notes = [n.message for n in (*ground.notes, *mended)]
    if reps:
        chosen = list(dict.fromkeys(rep_called(ground.reps, text, "--rep") for text in reps))
    else:
        chosen = [r for r in ground.reps if r.rep_id in {t.rep for t in plan.territories}]
        if not chosen:
            some = ", ".join(t.name for t in plan.territories[:3])
            raise InputError(
                f"no territory of the plan is named after a rep of the roster (it has {shown(some)}); name them after "
                "reps, so that it is known who visits whom. terr match says who could cover what"
            )
        left = [t.name for t in plan.territories if not t.rep]
        if left:
            notes.append(f"{count(len(left), 'territory', 'territories')} named after no rep: {', '.join(left[:5])}")
    team = TeamGround(ground.accounts, ground.units, plan, ground.reps)
    done, failed = [], dict[str, str]()
    for k, rep in enumerate(chosen):
        part = progress.part(k / len(chosen), (k + 1) / len(chosen))
        try:
            made = rep_ground(ground.accounts, accounts_of(team, rep), rep, settings, times)
        except InputError as error:
            if len(chosen) == 1:
                raise
            failed[_name(rep)] = str(error)
            continue
        done.append(plan_rep(made, progress=part)[0])
        if progress.stopped():
            break
    if not done:
        first, why = next(iter(failed.items()))
        raise InputError(f"no rep's visits can be planned; {first}: {why}")
    return VisitReport(tuple(done), failed, tuple(notes))


def _name(rep: Rep) -> str:
    return rep.name or rep.rep_id
