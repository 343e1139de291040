"""Drafts of quotas: the correction for workload and the coverage by pipeline, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.workspace.facts.kept_facts import keep_facts
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.quotas import planning
from terr.workspace.quotas.dividing import QuotaRules, QuotaWeights
from terr.workspace.reps.serving import hours_needed
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start

EVEN = QuotaWeights(0, 0, 0, 1)
DEALS = """Deal ID,Account ID,Amount,Stage,Close Date,Created Date
1,A-1,100,Negotiation,2027-03-01,2026-10-01
2,A-1,50,Negotiation,2026-01-01,2025-10-01
3,A-1,999,Negotiation,2028-01-01,2026-10-01
4,A-2,120,Closed Won,2027-02-01,2026-10-01
5,A-2,180,Closed Won,2026-12-31,2026-10-01
6,A-3,360,Proposal,2027-12-31,2026-10-01
7,A-3,40,Closed Lost,2027-01-15,2026-10-01
8,X-1,70,Proposal,2027-01-15,2026-10-01
"""


@pytest.fixture
def plan(ws):
    """Kent (A-1), New Castle (A-2 and A-3) and Sussex (A-4), a territory each; nobody covers them."""
    info = start(ws, data=data_set(ws))
    more(ws, info.id, ["North", "South"])
    for code, county in enumerate((KENT, NEW_CASTLE, SUSSEX)):
        editing.paint(ws, info.id, [county], code)
    return info


def drafted(ws, info, rules=None):
    request = planning.QuotaRequest(900.0, "2027", EVEN, rules or QuotaRules())
    return planning.draft_quotas(ws, plan_snapshot(ws, info.id), request)


def test_quotas_fall_with_workload_when_asked(ws, plan) -> None:
    hours = hours_needed(plan_snapshot(ws, plan.id))
    wanted = 900 * (1 / hours) / (1 / hours).sum()  # (mean / own) ^ 1, rescaled to the target
    plain, eased = drafted(ws, plan), drafted(ws, plan, QuotaRules(workload=1.0))
    assert [r.quota for r in plain.quotas.rows] == [300.0, 300.0, 300.0]
    assert [r.quota for r in eased.quotas.rows] == pytest.approx(wanted.tolist(), abs=0.011)
    assert eased.quotas.total == 900.0
    for row, now in zip(eased.quotas.rows, wanted.tolist(), strict=True):
        assert row.parts["workload"] == pytest.approx(now - 300, abs=0.011)
    most = int(hours.argmax())
    assert eased.quotas.rows[most].quota < 300
    assert not any("workload" in n for n in eased.quotas.notes)


def test_coverage_is_open_deals_over_what_is_still_to_be_won(ws, plan) -> None:
    """Kent: 100 due and 50 overdue of 300; New Castle: 360 of the 300 - 120 that are left; Sussex has no deal."""
    assert drafted(ws, plan).deals is None
    facts = read_facts(read_table(DEALS.encode(), "deals.csv"), "opportunities")
    keep_facts(ws, plan.dataset_id, facts, "deals.csv")
    draft = drafted(ws, plan)
    assert draft.deals is not None
    assert draft.deals.open.tolist() == [150.0, 360.0, 0.0]
    assert draft.deals.won.tolist() == [0.0, 120.0, 0.0]
    assert [r.coverage for r in draft.reached] == [0.5, 2.0, 0.0]
    assert np.isclose(draft.deals.open.sum(), 510)
