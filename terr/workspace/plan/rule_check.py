"""Whether a plan keeps the rules it is held to beside its limit, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from terr.boundaries.layers.catalog import STATES
from terr.metrics import balance
from terr.model.accounts import Accounts
from terr.model.plan import Plan
from terr.model.units import Units
from terr.view.text import and_list, percent, short
from terr.workspace.plan.rules import MeasureLimit, PlanRules
from terr.workspace.plan.targets import targets

_ROUNDING = 1e-6


def measures_of(rules: PlanRules, accounts: Accounts) -> list[str]:
    """Measures of the hard further limits, as far as the accounts have them."""
    return list(dict.fromkeys(m.measure for m in rules.limits if m.hard and m.measure in accounts.measures))


def broken_rules(
    plan: Plan,
    units: Units,
    rules: PlanRules,
    loads: Mapping[str, NDArray[np.float64]],
    currencies: Mapping[str, str] | None = None,
    held: Mapping[str, NDArray[np.float64]] | None = None,
) -> tuple[str, ...]:
    """One line per rule that isn't kept; () if all are.

    Args:
        plan: on `units`.
        units: n units.
        rules: what it is held to.
        loads: measure -> float64 (n,), for the measures of hard further limits.
        currencies: measure -> currency code.
        held: measure -> float64 (k,), what each territory has by name.
    """
    out = []
    open_ones = [j for j, t in enumerate(plan.territories) if not t.locked]
    for one in rules.limits:
        if not one.hard or one.measure not in loads:
            continue
        sums = balance.loads(plan.slots(), loads[one.measure][:, None], len(plan.territories))[:, 0]
        more = (held or {}).get(one.measure, np.zeros(len(plan.territories)))
        sums = sums + more
        goals = targets(plan, loads[one.measure], dict(rules.shares), more, getattr(units, "layer_of", None))
        scale = 1.0 if one.as_load else goals
        value = np.divide(sums, scale, out=np.zeros_like(sums), where=np.asarray(scale) > 0)
        least = -np.inf if one.low is None else one.low
        most = np.inf if one.high is None else one.high
        slack = _ROUNDING * max(1.0, abs(most) if np.isfinite(most) else abs(least))
        off = [j for j in open_ones if not least - slack <= value[j] <= most + slack]
        if off:
            currency = (currencies or {}).get(one.measure, "")
            names = and_list([f"{plan.territories[j].name} ({_shown(one, value[j], currency)})" for j in off], 2)
            out.append(f"{one.measure} of {names} isn't {limit_text(one, currency)}")
    codes = units.codes() if rules.groups else {}
    for group in rules.groups:
        inside = [codes[u] for u in group.units if u in codes]
        if inside and len(set(plan.assign[inside].tolist())) > 1:
            out.append(f"{group.name} is split between territories")
    state = units.frame["state"].to_numpy() if rules.whole_states else ()
    for code in rules.whole_states:
        if len(np.unique(plan.assign[state == code])) > 1:
            out.append(f"{STATES.get(code, code)} is split between territories")
    return tuple(out)


def limit_text(one: MeasureLimit, currency: str = "") -> str:
    """Such as "between 80% and 120% of target", "at most $2.00M"."""
    of = "" if one.as_load else " of target"
    if one.low is None or one.low <= 0:
        return f"at most {_shown(one, one.high or 0.0, currency)}{of}"
    if one.high is None:
        return f"at least {_shown(one, one.low, currency)}{of}"
    return f"between {_shown(one, one.low, currency)} and {_shown(one, one.high, currency)}{of}"


def _shown(one: MeasureLimit, value: float, currency: str = "") -> str:
    if one.as_load:
        return short(value, currency)
    return percent(100 * value, 0 if abs(100 * value - round(100 * value)) < 0.05 else 1)
