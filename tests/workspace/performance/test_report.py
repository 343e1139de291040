"""The page's figures: the same to the cent as file and command line, with the rows they are made of."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from terr.cli.main import main
from terr.edits import moves
from terr.errors import InputError
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.model.reps import Rep
from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.facts.groups import ALL, account_groups, managers_of
from terr.workspace.facts.kept_facts import fact_set_of, keep_facts
from terr.workspace.facts.performance import NOBODY, FactSet, Period
from terr.workspace.performance.areas import NO_FIGURE, shaded
from terr.workspace.performance.cards import bullet_frame, cards
from terr.workspace.performance.findings import standouts
from terr.workspace.performance.grouping import choices, group_by
from terr.workspace.performance.kpis import BY_KEY, KPIS, missing, shown
from terr.workspace.performance.periods import periods_of
from terr.workspace.performance.report import currency_of, over_time, performance_of
from terr.workspace.performance.rows_behind import rows_behind
from terr.workspace.performance.trends import panels
from terr.workspace.plan import editing
from tests.workspace.facts.test_performance import ACCOUNTS, DEALS, ORDERS, file_of

YEAR = Period(np.datetime64("2025-01-01"), np.datetime64("2025-12-31"))
QUOTAS = (
    ("Quota ID", "Rep", "Period", "Quota Amount"),
    ("1", "Ann", "2025-Q2", "840"),
    ("2", "Bob", "2025", "50"),
)
TOUCHES = (
    ("Activity ID", "Account ID", "Activity Type", "Activity Date"),
    ("1", "A-1", "Call", "2025-05-01"),
    ("2", "A-1", "Visit", "2025-05-02"),
)
FILES = {"orders": ORDERS, "opportunities": DEALS, "quotas": QUOTAS, "activities": TOUCHES}


def kept(ws: Workspace, files: dict[str, tuple[tuple[str, ...], ...]] = FILES) -> tuple[Dataset, FactSet]:
    """Three accounts with facts."""
    raw, columns = dataset.inspect(file_of(ACCOUNTS), "accounts.csv")
    data = dataset.save(ws, file_of(ACCOUNTS), dataset.intake(raw, columns, {"Revenue": "USD"}))
    for kind, rows in files.items():
        keep_facts(ws, data.info.id, read_facts(read_table(file_of(rows), f"{kind}.csv"), kind), f"{kind}.csv")
    return data, fact_set_of(ws, data.info.id, data.accounts)


@pytest.mark.parametrize("basis", ["accounts", "owner"])
def test_page_file_and_command_line_say_the_same_to_the_cent(ws: Workspace, tmp_path: Path, capsys, basis: str) -> None:
    data, facts = kept(ws)
    made = performance_of(facts, group_by(ws, data, facts, "rep"), YEAR, basis)
    paths = {kind: tmp_path / f"{kind}.csv" for kind in FILES}
    for kind, rows in FILES.items():
        paths[kind].write_bytes(file_of(rows))
    (tmp_path / "accounts.csv").write_bytes(file_of(ACCOUNTS))
    files = [part for kind, path in paths.items() for part in (f"--{kind}", str(path))]
    days = ["--from", "2025-01-01", "--to", "2025-12-31"]
    asked = ["performance", str(tmp_path / "accounts.csv"), *files, *days, "--by", "rep", "--basis", basis, "--json"]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out)["rows"]
    assert [r["key"] for r in told] == ["Ann", "Bob", NOBODY, "all"] if basis == "accounts" else ["Ann", "Bob", "all"]
    assert json.loads(json.dumps(made.rows)) == told
    table = made.table()
    file = pd.read_csv(io.BytesIO(made.csv())).set_index("key")
    for row in told:
        at = table[table["Group"] == ("All" if row["key"] == "all" else row["key"])].iloc[0]
        for kpi in made.kpis:
            value = row[kpi.key]
            if value is None:
                assert np.isnan(at[kpi.title])
                assert np.isnan(file.loc[row["key"], kpi.key])
                continue
            scale = 100 if kpi.unit == "share" else 1
            assert round(at[kpi.title] / scale, 2) == round(value, 2) == round(file.loc[row["key"], kpi.key], 2)
    assert currency_of(facts, data.accounts) == "USD"


def test_what_is_offered_and_what_a_missing_file_would_bring(ws: Workspace) -> None:
    data, facts = kept(ws, {"orders": ORDERS})
    assert choices(data.accounts, facts, 1) == {
        "territory": "Territory",
        "rep": "Rep",
        "segment:state": "State",
        ALL: "All accounts",
    }
    assert "territory" not in choices(data.accounts, facts, 0)
    assert {k.key for k in shown(("orders",))} >= {"revenue", "nrr"}
    brings = dict(missing(("orders",)))
    assert "Win rate" in brings["opportunities"]
    assert "contracts" not in brings, "orders bring retention, too"
    assert missing(("orders", "opportunities", "activities", "quotas", "contracts")) == ()


def test_every_figure_opens_the_rows_it_is_made_of(ws: Workspace) -> None:
    data, facts = kept(ws)
    for basis in ("accounts", "owner"):
        grouping = group_by(ws, data, facts, "rep")
        made = performance_of(facts, grouping, YEAR, basis)
        for row in made.rows:
            for kpi in made.kpis:
                if row[kpi.key] is None:
                    continue
                found = rows_behind(facts, data.accounts, grouping, YEAR, basis, kpi.key, row["key"])
                if kpi.key in {"revenue", "revenue_before", "won_amount", "open_amount", "quota"}:
                    assert found.total == pytest.approx(row[kpi.key]), (basis, row["key"], kpi.key)
                elif kpi.key in {"won", "lost", "untouched"}:
                    assert len(found.frame) == row[kpi.key], (basis, row["key"], kpi.key)
                elif kpi.key in {"customers", "new_customers"}:
                    joined = found.frame[found.frame["Account ID"] != ""]
                    assert joined["Account ID"].nunique() == row[kpi.key], (basis, row["key"], kpi.key)
                assert found.csv().startswith(b"\xef\xbb\xbf")
    lost = rows_behind(facts, data.accounts, group_by(ws, data, facts, ALL), YEAR, "accounts", "churned", "all")
    assert len(lost.frame) == 0


def test_periods_of_the_calendar(ws: Workspace) -> None:
    _, facts = kept(ws)
    assert [p.title for p in periods_of(facts, "12 months")] == ["Jul 3, 2024 – Jul 2, 2025"]
    years = periods_of(facts, "Year")
    assert [(p.title, p.over) for p in years] == [("2025, to Jul 2, 2025", False), ("2024", True)]
    assert str(years[0].period.before) == str(Period(np.datetime64("2024-01-01"), np.datetime64("2024-07-02")))
    assert [p.title for p in periods_of(facts, "Quarter")][:3] == ["2025 Q3, to Jul 2, 2025", "2025 Q2", "2025 Q1"]
    assert periods_of(facts, "Month")[1].title == "Jun 2025"
    with pytest.raises(InputError, match="choose 12 months"):
        periods_of(facts, "Week")


def test_over_time_beside_the_year_before(ws: Workspace) -> None:
    data, facts = kept(ws, {"orders": (*ORDERS, ("9", "A-3", "2024-01-09", "3", "Bob"))})
    kpi = BY_KEY["revenue"]
    frame = over_time(facts, group_by(ws, data, facts, "rep"), "Year", kpi)
    at = frame.set_index(["key", "period"])
    assert at.loc[("Ann", "2024"), "value"] == 140
    assert at.loc[("Ann", "2025, to Jul 2, 2025"), "value"] == 110
    assert at.loc[("Ann", "2025, to Jul 2, 2025"), "before"] == 140
    assert np.isnan(at.loc[("Ann", "2024"), "before"]), "nothing is known of 2023"
    drawn = panels(frame, kpi, "USD")
    assert list(drawn.groups) == ["Ann", "Bob"]
    assert drawn.note.startswith("The last period isn't over.")
    assert set(drawn.every["key"]) == {"Ann", "Bob", NOBODY, "All"}


def test_a_planted_difference_is_said_and_chance_is_not(ws: Workspace) -> None:
    """Of 60 deals each, Ann wins 45 and Bob 15; Cy and Di win 30."""
    lines = [("Opportunity ID", "Account ID", "Owner", "Stage", "Amount", "Created Date", "Close Date")]
    for rep, won in (("Ann", 45), ("Bob", 15), ("Cy", 30), ("Di", 30)):
        for k in range(60):
            stage = "Closed Won" if k < won else "Closed Lost"
            lines.append((f"{rep}-{k}", "A-1", rep, stage, "100", "2025-01-01", "2025-02-01"))
    data, facts = kept(ws, {"opportunities": tuple(lines)})
    made = performance_of(facts, group_by(ws, data, facts, "rep"), YEAR, "owner")
    found = {s.key: s for s in standouts(made)}
    assert set(found) == {"Ann", "Bob"}
    assert (found["Ann"].good, found["Bob"].good) == (True, False)
    assert "45 of 60 deals" in found["Ann"].text
    assert "above the team's 50%" in found["Ann"].text
    few = [lines[0], *(line for line in lines if line[0] in {"Ann-0", "Ann-1", "Bob-59", "Bob-58"})]
    data, facts = kept(ws, {"opportunities": tuple(few)})
    made = performance_of(facts, group_by(ws, data, facts, "rep"), YEAR, "owner")
    assert standouts(made) == (), "2 of 2 says nothing"


def test_cards_and_bars_beside_quota(ws: Workspace) -> None:
    data, facts = kept(ws)
    grouping = group_by(ws, data, facts, "rep")
    now, before = (performance_of(facts, grouping, p, "accounts", "USD") for p in (YEAR, YEAR.before))
    by_title = {c.title: c for c in cards(now, before)}
    assert by_title["Revenue"].text == "$1,170"
    assert by_title["Revenue"].change == "+735.7% on a year before"
    assert by_title["Attainment"].text == "47.2%"
    assert by_title["Attainment"].mood == "bad"
    frame, figure, mark = bullet_frame(now) or (None, "", "")
    assert (figure, mark) == ("won_amount", "Quota")
    assert frame is not None
    assert frame["group"].tolist() == ["Ann", "Bob"]
    assert frame["label"].tolist() == ["50%", "0%"]
    orders = FactSet({"orders": facts.by_kind["orders"]}, facts.owners)
    frame, figure, mark = bullet_frame(performance_of(orders, grouping, YEAR)) or (None, "", "")
    assert (figure, mark) == ("revenue", "A year before")
    assert frame is not None
    assert frame["label"].tolist() == ["−21%", ""]
    assert bullet_frame(performance_of(orders, group_by(ws, data, facts, ALL), YEAR)) is None


def test_the_map_has_territories_of_a_plan_else_states(ws: Workspace) -> None:
    data, facts = kept(ws)
    plan = editing.create(ws, dataset_id=data.info.id, level="state", region="TX,MA", measure="Revenue")
    _, rev = ws.plan(plan.id)
    units = ws.units(plan)
    slots = np.array([0 if u == "TX" else 1 for u in units.ids], dtype=np.int16)
    editing.edit(
        ws, plan.id, rev, lambda p, c: moves.adopt(p, slots, next_code=c, kind="import", k=2, names=["South", "North"])
    )
    grouping = group_by(ws, data, facts, "territory", ws.scenario(plan.id))
    assert set(grouping.groups) == {"South", "North"}
    made = performance_of(facts, grouping, YEAR, "accounts", "USD")
    drawn = shaded(ws, data, facts, made, BY_KEY["revenue"], ws.scenario(plan.id))
    assert drawn is not None
    assert drawn.of_plan
    assert dict(zip(drawn.names, drawn.texts, strict=True)) == {"South": "$110", "North": "$60"}
    assert len(set(drawn.colors)) == 2
    by_state = shaded(
        ws, data, facts, performance_of(facts, group_by(ws, data, facts, "rep"), YEAR), BY_KEY["revenue"], None
    )
    assert by_state is not None
    assert not by_state.of_plan
    texts = dict(zip(by_state.names, by_state.texts, strict=True))
    assert (texts["Texas"], texts["Massachusetts"], texts["Ohio"]) == ("110", "60", "–")
    assert dict(zip(by_state.names, by_state.colors, strict=True))["Ohio"] == NO_FIGURE


def test_every_kpi_is_a_figure_of_a_row(ws: Workspace) -> None:
    _, facts = kept(ws)
    row = performance_of(facts, group_by(ws, *kept(ws), ALL), YEAR).whole
    assert [k.key for k in KPIS if k.key not in row] == []
    assert row["pipeline_coverage"] == pytest.approx(70 / (890 - 420))


def test_order_numbers_that_begin_anew_for_each_customer_are_orders_of_their_own(ws: Workspace) -> None:
    head = ("Order ID", "Customer ID", "Order Date", "Sales")
    lines = [("1", "A-1"), ("1", "A-1"), ("2", "A-1"), ("1", "A-2"), ("1", "A-3")]
    data, facts = kept(ws, {"orders": (head, *((o, a, "2025-03-01", "5") for o, a in lines))})
    whole = performance_of(facts, group_by(ws, data, facts, ALL), YEAR).whole
    assert (whole["orders"], whole["customers"], whole["repeat_customers"]) == (4, 3, 1)


def test_managers_come_from_the_roster_where_the_accounts_name_none() -> None:
    reps = (Rep("U-1", "Ann Poe", manager="U-9"), Rep("U-2", "Bob Ray", manager="U-9"), Rep("U-9", "Mia Chief"))
    assert managers_of(reps) == dict.fromkeys(("u-1", "ann poe", "u-2", "bob ray"), "Mia Chief")
    frame = pd.DataFrame({"account_id": list("abcd"), "name": list("abcd"), "owner": ["Ann Poe", " U-2", "Zed", ""]})
    groups = account_groups(frame, "manager", {}, np.zeros(0, dtype=object), managers_of(reps))
    assert groups.tolist() == ["Mia Chief", "Mia Chief", NOBODY, NOBODY]
    named = account_groups(frame.assign(Manager=list("wxyz")), "manager", {}, groups, managers_of(reps))
    assert named.tolist() == list("wxyz")
    with pytest.raises(InputError, match="no column of managers"):
        account_groups(frame, "manager", {}, np.zeros(0, dtype=object))
