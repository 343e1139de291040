"""The inputs of a document from a plan as stored now."""

from __future__ import annotations

from dataclasses import replace

from terr.model.wording import language_of, writing_in
from terr.workspace.access import distances
from terr.workspace.accounts.dataset import dataset
from terr.workspace.design.certificate import current_proof, proof_sentence
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from terr.workspace.levels import boundaries_report, heading, rough_note
from terr.workspace.overlays.coverage import role_columns
from terr.workspace.plan.plan_settings import whys_of
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.quotas.planning import quota_versions, quotas_in_force
from terr.workspace.reports.brand import brand_of
from terr.workspace.reports.document_inputs import DocumentInputs, QuotaLines
from terr.workspace.workspace import Workspace


def open_plan(ws: Workspace, scenario_id: str, numbers: str | None = None) -> DocumentInputs:
    """A plan as stored now, as far as this person may see it.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        numbers: language of the numbers, of `LANGUAGES`; None = the company's.

    Raises:
        InputError: for another language.
        LocateError: if the scenario doesn't exist, or isn't this person's to see.
    """
    brand = brand_of(ws)
    brand = brand if numbers is None else replace(brand, numbers=language_of(numbers).tag)
    one = plan_snapshot(ws, scenario_id)
    proof, current = current_proof(ws, one.info)
    versions = quota_versions(ws, scenario_id, one.reps)
    quotas = quotas_in_force(versions) or next((v for v in versions if v.state == "proposed"), None)
    kept = facts_kept(ws, one.info.dataset_id)
    data = dataset(ws, one.info.dataset_id)
    what = boundaries_report(one.units)
    rough = rough_note(one.units)
    with writing_in(brand.numbers):
        best = proof_sentence(proof) if proof is not None and current else ""
    return DocumentInputs(
        name=one.info.name,
        place=heading(one.info, brief=True),
        accounts=one.accounts,
        units=one.units,
        plan=one.plan,
        reps=one.reps,
        context=one.context,
        colors=ws.colors(one.info, one.plan),
        tolerance=one.info.tolerance,
        sides=one.rules.sides,
        held=one.held,
        shares=dict(one.rules.shares),
        baseline=one.baseline,
        proof=best,
        quotas=None
        if quotas is None
        else QuotaLines(
            quotas.period,
            quotas.state,
            tuple((r.territory, r.rep, r.quota, r.last) for r in quotas.rows),
            quotas.hidden,
        ),
        facts=fact_set_of(ws, one.info.dataset_id, one.accounts) if kept else None,
        files=(data.info.filename, *(k.filename for k in kept)),
        boundaries=(what["title"], what["source"]),
        rough=rough[0].message if rough else "",
        whys=whys_of(ws, one.info),
        roles=role_columns(ws, one),
        miles=distances.miles(ws.root),
        brand=brand,
    )
