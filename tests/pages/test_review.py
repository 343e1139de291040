"""The Review page as a person meets it."""

from __future__ import annotations

import pytest

from terr.workspace.reps import territory_ratings
from terr.workspace.review import plan_reviews
from tests.helpers.spaces import KENT, NEW_CASTLE
from tests.pages.test_accounts import _patient, ok, said  # noqa: F401 (a fixture)
from tests.pages.test_pages import press, worked
from tests.workspace.review.test_plan_reviews import AFTER, BEFORE, north_and_south, taken


@pytest.mark.parametrize("part", ["Drift and repair", "Last year", "Minutes", "Ratings"])
def test_each_part_of_a_plan_that_drifted(open_app, ws, part):
    old = taken(ws, BEFORE)
    sid = north_and_south(ws, old)
    taken(ws, AFTER, old.info.id)
    window = open_app("review")
    window.session_state["terr_review_part"] = part
    ok(window.run())
    assert "1 plan, 1 over the limit, 0 due for review" in said(window)
    row = window.dataframe[0].value.iloc[0]
    assert (row["Status"], row["Max deviation before"], row["Last review"]) == ("Over limit", "0.0%", "never")
    told = said(window)
    if part == "Drift and repair":
        assert "Before + new + gone + moved + changed = now" in told
        assert "−$250 from accounts that left" in told
        assert next(b for b in window.button if b.label == "Find the smallest repair")
    elif part == "Last year":
        assert "This needs orders, imported on Accounts" in told
    elif part == "Minutes":
        window.text_area[0].set_value("All agreed.")
        window.text_area[1].set_value("Keep the border\nHire one")
        next(b for b in window.button if b.label == "Save the review").click()
        ok(window.run())
        assert "All agreed." in said(window)
        assert plan_reviews.reviews(ws, sid)[0].decisions == ("Keep the border", "Hire one")
    else:
        next(t for t in window.text_input if t.label == "Reason").set_value("more health")
        next(b for b in window.button if b.label == "Rate").click()
        ok(window.run())
        assert territory_ratings.ratings(ws, sid)[0].reason == "more health"


def test_the_smallest_repair_is_found_shown_and_applied(open_app, ws):
    old = taken(ws, BEFORE)
    sid = north_and_south(ws, old)
    new = taken(ws, AFTER, old.info.id)
    window = open_app("review")
    window.session_state["terr_review_part"] = "Drift and repair"
    ok(window.run())
    ok(worked(press(window, f"review_repair_{sid}")))
    assert "takes the max deviation from 69.6% to 13.0%" in said(window)
    assert next(b for b in window.button if b.key == f"review_apply_{sid}").disabled  # not of the accounts it has
    assert ws.scenario(sid).dataset_id == old.info.id
    ok(press(window, f"review_move_{sid}"))
    assert ws.scenario(sid).dataset_id == new.info.id
    ok(worked(press(window, f"review_repair_{sid}")))
    ok(press(window, f"review_apply_{sid}"))
    plan = ws.plan(sid)[0]
    assert plan.assign[KENT] == plan.assign[NEW_CASTLE]
