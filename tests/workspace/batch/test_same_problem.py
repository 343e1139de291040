"""The page and the command line ask the same of the engine: equal problems, and the same plan for the same seed."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta

import numpy as np
import pytest

from terr.cli.main import main
from terr.edits import moves
from terr.engine import design, rebalance
from terr.model.person import Person
from terr.model.problem import Problem
from terr.model.reps import Rep
from terr.model.wording import MILE_KM
from terr.report.plan import plan_csv
from terr.workspace.accounts import dataset
from terr.workspace.batch import solve
from terr.workspace.design import apply_result
from terr.workspace.design.request import DesignRequest
from terr.workspace.plan import editing, plan_settings
from terr.workspace.plan.named_accounts import today
from terr.workspace.plan.rules import MeasureLimit, PlanRules, UnitGroup
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import exceptions
from tests.helpers.spaces import more, start

REPS = (
    Rep("U-1", "Ann Poe", "02108", 1.0),
    Rep("U-2", "Bob Ray", "01103", 0.5),
    Rep("U-3", "Cyd Ott", "02903", 1.0),
)
"""Homes in Boston, Springfield and Providence."""
COUNTIES = {
    "MA": "Barnstable Berkshire Bristol Dukes Essex Franklin Hampden Hampshire Middlesex Nantucket Norfolk Plymouth "
    "Suffolk Worcester",
    "RI": "Bristol Kent Newport Providence Washington",
}
ROWS = [
    (f"A-{state}-{i}", county, state, 100 + 40 * (i % 4), 1 + i % 3)
    for state, names in COUNTIES.items()
    for i, county in enumerate(names.split())
]
HEAD = "Account ID,Name,County,State,Revenue,Visits"
ACCOUNTS = "\n".join([HEAD, *(f"{i},Firm {i},{c},{s},{v},{n}" for i, c, s, v, n in ROWS)])
WEST = ("25003", "25011", "25013", "25015")
"""Berkshire, Franklin, Hampden and Hampshire."""


@pytest.fixture
def sid(ws):
    """A plan on Massachusetts and Rhode Island with one territory that has no county yet."""
    raw, columns = dataset.inspect(ACCOUNTS.encode(), "accounts.csv")
    data = dataset.save(ws, ACCOUNTS.encode(), dataset.intake(raw, columns, {}), reps=REPS)
    return start(ws, "MA, RI", data=data, tolerance=0.3).id


@pytest.fixture
def drawn(ws, sid):
    """The same with East, South and West."""
    shown = plan_snapshot(ws, sid)
    editing.edit(ws, sid, 1, lambda p, _: moves.rename(p, 0, "East"))
    more(ws, sid, ["South", "West"])
    ids = shown.units.ids
    west, south = [ids.index(u) for u in (*WEST, "25027")], [i for i, u in enumerate(ids) if u.startswith("44")]
    editing.paint(ws, sid, west, 2)
    editing.paint(ws, sid, south, 1)
    editing.paint(ws, sid, [i for i in range(len(ids)) if i not in (*west, *south)], 0)
    return sid


@pytest.fixture
def folder(tmp_path, ws, sid):
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    lines = ["User ID,Name,Zip,Capacity", *(f"{r.rep_id},{r.name},{r.home_zip},{r.capacity:g}" for r in REPS)]
    (tmp_path / "roster.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def command(folder, monkeypatch, capsys):
    """Runs a command; gives the engine's problem, the report and territories by unit."""
    monkeypatch.chdir(folder)

    def run(verb: str, *words: str, limit: str = "0.3") -> tuple[Problem, dict, dict[str, str]]:
        seen: list[Problem] = []
        engine = getattr(solve, verb)

        def told(problem: Problem, *plan, **how):
            seen.append(problem)
            return engine(problem, *plan, **how)

        with monkeypatch.context() as patch:
            patch.setattr(solve, verb, told)
            where = ["--level", "county", "--region", "MA,RI", "--measure", "Revenue", "--limit", f"Revenue={limit}"]
            written = ["--out", "out.csv"] if verb in ("design", "rebalance") else ["--time-limit", "20"]
            code = main([verb, "accounts.csv", *where, *words, "--json", *written])
        out, err = capsys.readouterr()
        assert code in (0, 3), err
        rows = (folder / "out.csv").read_text("utf-8").splitlines()[1:] if (folder / "out.csv").exists() else []
        return seen[0], json.loads(out), dict(r.split(",") for r in rows)

    return run


def plan_file(ws, sid, folder) -> str:
    (folder / "today.csv").write_bytes(plan_csv(ws.plan(sid)[0], plan_snapshot(ws, sid).units))
    return "today.csv"


def same(one: Problem, other: Problem) -> None:
    for f in fields(Problem):
        a, b = getattr(one, f.name), getattr(other, f.name)
        if isinstance(a, np.ndarray):
            assert np.array_equal(a, b, equal_nan=True), f.name
        else:
            assert a == b, f.name


def by_unit(ws, sid) -> dict[str, str]:
    one = plan_snapshot(ws, sid)
    names = {t.code: t.name for t in one.plan.territories} | {-1: ""}
    return dict(zip(one.units.ids, (names[c] for c in one.plan.assign.tolist()), strict=True))


def asked(k: int = 3, **more_of: object) -> DesignRequest:
    return DesignRequest(**({"territories": k, "measure": "Revenue", "tolerance": 0.3} | more_of))  # type: ignore[arg-type]


FAR = 70 * MILE_KM
ROSTER = ("--roster", "roster.csv")
FRESH = [
    pytest.param({}, (), id="nothing"),
    pytest.param({"reps": REPS}, (*ROSTER, "--from-homes"), id="homes and capacities"),
    pytest.param({"reps": REPS[:2]}, (*ROSTER, "--rep", "U-1", "--rep", "bob ray"), id="chosen reps"),
    pytest.param({"reps": REPS, "most_km": FAR}, (*ROSTER, "--max-distance", "70"), id="miles"),
    pytest.param({"reps": REPS, "most_km": 120.0}, (*ROSTER, "--max-distance", "120km"), id="kilometers"),
    pytest.param({"reps": REPS, "centred": True}, (*ROSTER, "--fixed-centers"), id="fixed centers"),
    pytest.param({"shares": (("new:1", 0.6),)}, ("--target", "1=0.6"), id="shares"),
    pytest.param(
        {"reps": REPS, "shares": (("rep:U-2", 0.8),)},
        (*ROSTER, "--from-homes", "--target", "U-2=80%"),
        id="a rep's share",
    ),
    pytest.param(
        {"groups": (UnitGroup("West", WEST),), "whole_states": ("RI",)},
        ("--keep-together", ",".join(WEST), "--keep-whole", "RI"),
        id="kept together",
    ),
    pytest.param(
        {
            "limits": (
                MeasureLimit("Revenue", 0.8, None),
                MeasureLimit("Revenue", 300.0, 1500.0, as_load=True),
                MeasureLimit("Visits", None, 1.4),
            ),
        },
        ("--floor", "Revenue=300", "--cap", "Revenue=1500", "--limit", "Visits=:0.4"),
        id="several limits",
    ),
    pytest.param({"sides": "over"}, (), id="a limit above only"),
    pytest.param({"balance": "High", "shape": "Low"}, ("--balance", "high", "--shape", "low"), id="priorities"),
    pytest.param(
        {"unassigned": 0.1, "names": ("N", "S")}, ("--unassigned", "0.1", "--name", "N", "--name", "S"), id="rest"
    ),
    pytest.param({"starts": (("new:1", "25003"),)}, ("--seed-unit", "25003=1"), id="a county to start around"),
]
SIDES = {"several limits": "0.2:0.3", "a limit above only": ":0.3"}


@pytest.mark.parametrize(("more_of", "words"), FRESH)
def test_territories_from_scratch(ws, sid, command, request, more_of, words):
    limit = SIDES.get(request.node.callspec.id, "0.3")
    got, it, plan = command("design", "--territories", "3", *words, limit=limit)
    task = apply_result.design_task(ws, sid, asked(**more_of))
    same(got, task.problem)
    result = design(task.problem, seed=1)
    apply_result.apply_design(ws, task, result, ws.store.scenarios.rev(sid))
    assert partition(plan) == partition(by_unit(ws, sid)), "the page names by place, a plan file by number or rep"
    assert covers(plan, {t["id"]: t["rep"] for t in it["territories"]}) == page_covers(ws, sid)


def partition(plan: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(u for u, t in plan.items() if t == name) for name in set(plan.values())}


def covers(plan: dict[str, str], rep_of: dict[str, str | None]) -> dict[str, str]:
    """Rep by unit, "" = nobody."""
    return {unit: rep_of.get(name) or "" for unit, name in plan.items()}


def page_covers(ws, sid) -> dict[str, str]:
    return covers(by_unit(ws, sid), {t.name: t.rep for t in plan_snapshot(ws, sid).plan.territories})


NAMED = """account_id,territory,rep,kind,until,reason
A-MA-0,West,,,,Headquarters in Springfield
A-RI-3,,Ann Poe,holdover,{day},
"""


def covered(ws, sid) -> None:
    """Give East to Ann Poe, under her name, as a plan file says it."""
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.rename(p, 0, "Ann Poe"))
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.set_rep(p, 0, "U-1"))


def enter_named(ws, sid, folder) -> None:
    day = today() + timedelta(days=9)
    by = Person("me")
    exceptions.enter(ws, sid, ["A-MA-0"], kind="named", territory=2, by=by)
    exceptions.enter(ws, sid, ["A-RI-3"], kind="holdover", rep="U-1", until=day, by=by)
    (folder / "named.csv").write_text(NAMED.format(day=f"{day:%Y-%m-%d}"))


def test_a_design_that_keeps_close_to_today(ws, drawn, folder, command):
    words = ("--keep", "medium", "--max-moved", "20%", "--balance", "Low", "--balance", "Visits=2")
    got, it, plan = command("design", "--territories", "4", "--plan", plan_file(ws, drawn, folder), *words)
    wish = (MeasureLimit("Visits", hard=False),)
    task = apply_result.design_task(ws, drawn, asked(4, keep="Medium", most_moved=0.2, balance="Low", limits=wish))
    same(got, task.problem)
    result = design(task.problem, seed=1)
    apply_result.apply_design(ws, task, result, ws.store.scenarios.rev(drawn))
    assert partition(plan) == partition(by_unit(ws, drawn))
    assert it["disruption"]["load_pct"]["Revenue"] <= 20


def test_a_design_with_named_accounts_and_locks(ws, drawn, folder, command):
    covered(ws, drawn)
    enter_named(ws, drawn, folder)
    ids = plan_snapshot(ws, drawn).units.ids
    editing.set_locks(ws, drawn, [ids.index("25003")], True)
    editing.paint(ws, drawn, [ids.index("25007")], -1)
    today_file = plan_file(ws, drawn, folder)
    editing.set_locks(ws, drawn, [ids.index("25007")], True)
    got, it, plan = command(
        *("design", "--territories", "3", "--plan", today_file, *ROSTER, "--named", "named.csv"),
        *("--lock", "25003=West", "--leave-out", "25007", "--keep", "Low", "--max-distance", "150"),
    )
    request = asked(keep="Low", reps=REPS, most_km=150 * MILE_KM)
    task = apply_result.design_task(ws, drawn, request)
    same(got, task.problem)
    result = design(task.problem, seed=1)
    apply_result.apply_design(ws, task, result, ws.store.scenarios.rev(drawn))
    assert partition(plan) == partition(by_unit(ws, drawn))
    assert plan["25003"] == "West"
    assert plan["25007"] == ""
    assert covers(plan, {t["id"]: t["rep"] for t in it["territories"]}) == page_covers(ws, drawn)
    by_rep = {r.name: r.rep_id for r in REPS}
    table = plan_snapshot(ws, drawn).table
    page = table.set_axis([by_rep[name] for name in table["rep"]])
    rows = {t["rep"]: t for t in it["territories"]}
    assert {rep: row["load"]["Revenue"] for rep, row in rows.items()} == page["load"].to_dict()
    assert {rep: row["target"]["Revenue"] for rep, row in rows.items()} == pytest.approx(page["target"].to_dict())


def test_a_locked_territory_is_left_alone(ws, drawn, folder, command):
    today_file = plan_file(ws, drawn, folder)
    editing.edit(ws, drawn, ws.store.scenarios.rev(drawn), lambda p, _: moves.lock_territory(p, 1, True))
    before = by_unit(ws, drawn)
    words = ("--plan", today_file, "--lock-territory", "south")
    got, _, plan = command("design", "--territories", "4", *words)
    task = apply_result.design_task(ws, drawn, asked(4))
    same(got, task.problem)
    assert {u: t for u, t in plan.items() if before[u] == "South"} == dict.fromkeys(
        [u for u, t in before.items() if t == "South"], "South"
    )
    got, _, plan = command("rebalance", *words)
    task = apply_result.rebalance_task(ws, drawn)
    same(got, task.problem)
    apply_result.apply_moves(ws, task, rebalance(task.problem, seed=1))
    assert plan == by_unit(ws, drawn)


def test_a_plan_held_to_a_limit_on_one_side(ws, drawn, folder, command):
    plan_settings.save_rules(ws, drawn, ws.store.scenarios.get(drawn).head, PlanRules(sides="over"))
    got, it, plan = command("rebalance", "--plan", plan_file(ws, drawn, folder), limit=":0.3")
    task = apply_result.rebalance_task(ws, drawn)
    same(got, task.problem)
    apply_result.apply_moves(ws, task, rebalance(task.problem, seed=1))
    assert plan == by_unit(ws, drawn)
    assert (it["status"] in ("feasible", "optimal")) == plan_snapshot(ws, drawn).within


@pytest.mark.parametrize("verb", ["rebalance", "certify", "frontier"])
def test_a_plan_as_it_stands(ws, drawn, folder, command, verb):
    covered(ws, drawn)
    enter_named(ws, drawn, folder)
    ids = plan_snapshot(ws, drawn).units.ids
    editing.set_locks(ws, drawn, [ids.index("25003")], True)
    rules = PlanRules(
        limits=(MeasureLimit("Visits", 0.4, 1.6), MeasureLimit("Revenue", None, 2000.0, as_load=True)),
        groups=(UnitGroup("Capes", ("25001", "25019")),),
        shares=((1, 0.5),),
        unassigned=0.05,
        whole_states=("RI",),
    )
    plan_settings.save_rules(ws, drawn, ws.store.scenarios.get(drawn).head, rules)
    got, *_ = command(
        *(verb, "--plan", plan_file(ws, drawn, folder), *ROSTER, "--named", "named.csv", "--lock", "25003=West"),
        *("--limit", "Visits=60%", "--cap", "Revenue=2000", "--keep-together", "25001,25019", "--keep-whole", "ri"),
        *("--target", "South=0.5", "--unassigned", "5%"),
    )
    same(got, apply_result.rebalance_task(ws, drawn).problem)
