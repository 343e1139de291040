"""What will happen, in plain sentences, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from terr.boundaries.layers.catalog import STATES
from terr.view.text import MILE_KM, and_list, count, distance_text, number, percent, short, unit_noun
from terr.workspace.design.request import DesignRequest
from terr.workspace.design.solve_task import DesignOutline
from terr.workspace.levels import place_name
from terr.workspace.plan.rule_check import limit_text
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.plan.tolerance import limit_words


def what_will_happen(
    shown: PlanSnapshot, request: DesignRequest, forecast: DesignOutline, *, miles: bool = True
) -> list[str]:
    """Sentences: the division itself, then whatever was asked beyond the usual."""
    level = shown.info.level
    currency = dict(shown.accounts.currency)
    equal = all(s.share == 1 for s in forecast.slots)
    each = f"about {short(forecast.share, currency.get(request.measure, ''))} {request.measure}"
    size = f"of {each} each" if equal else f"by their shares, a full one with {each}"
    first = (
        f"Terr will divide {len(shown.units):,} {unit_noun(level, len(shown.units))} of "
        f"{place_name(shown.units)} into {count(request.territories, 'territory', 'territories')} {size} "
        f"({limit_words(request.tolerance, request.sides)}), each in one piece and compact."
    )
    out = [first]
    fixed = int(shown.plan.fixed().sum())
    if fixed:
        word, stays = unit_noun(level, fixed), "stays where it is" if fixed == 1 else "stay where they are"
        out.append(f"{number(fixed)} locked {word} {stays}.")
    out += _limits(request, currency)
    out += _priorities(request)
    out += _people(request, forecast, level, miles=miles)
    out += _together(request, level)
    if request.starts:
        names = dict(zip(shown.units.ids, shown.units.names, strict=True))
        where = and_list([names.get(unit, unit) for _, unit in request.starts])
        out.append(f"Territories start around {where}.")
    if request.unassigned > 0:
        out.append(
            f"Up to {_plain_percent(request.unassigned)} of {request.measure} may stay unassigned where no territory "
            "can take it."
        )
    return out


def _limits(request: DesignRequest, currency: Mapping[str, str]) -> list[str]:
    hard = [f"{m.measure} {limit_text(m, currency.get(m.measure, ''))}" for m in request.limits if m.hard]
    soft = [m.measure for m in request.limits if not m.hard]
    out = [f"Each territory also keeps {'; '.join(hard)}."] if hard else []
    return out + ([f"{and_list(soft)} is balanced where possible."] if soft else [])


def _priorities(request: DesignRequest) -> list[str]:
    out = []
    if request.balance != "Off":
        how = {"Low": "a little more equal", "Medium": "clearly more equal", "High": "as equal as possible"}
        price = f"more equal at a price of {request.balance}"
        out.append(f"Within the limit, territories are made {how.get(str(request.balance), price)}.")
    if request.keep != "Off":
        kept = {
            "Low": "where that costs little",
            "Medium": "where that is worth it",
            "High": "above all else",
        }
        price = f"at a price of {request.keep}"
        out.append(f"Today's assignments are kept {kept.get(str(request.keep), price)}.")
    if request.most_moved is not None:
        out.append(f"At most {_plain_percent(request.most_moved)} of {request.measure} moves.")
    return out


def _people(request: DesignRequest, forecast: DesignOutline, level: str, *, miles: bool) -> list[str]:
    n = len(request.reps)
    if not n:
        return []
    if request.centred:
        out = [
            "The rep's home stays the center of a territory."
            if n == 1
            else f"The homes of {n} reps stay the centers of their territories."
        ]
    else:
        out = [
            "1 rep starts from home and gets a territory."
            if n == 1
            else f"{n} reps start from their homes and get a territory each."
        ]
    part = [f"{s.label} {_plain_percent(s.share)}" for s in forecast.slots if s.rep is not None and s.share != 1]
    if part:
        out.append(f"Not a full territory: {and_list(part)}.")
    if request.most_km is not None:
        out.append(
            f"No {unit_noun(level, 1)} is farther than {distance_text(request.most_km, miles=miles)} from its rep's "
            "home."
        )
    return out


def _together(request: DesignRequest, level: str) -> list[str]:
    out = []
    if request.groups:
        names = and_list(
            [f"{g.name} ({count(len(g.units), unit_noun(level, 1), unit_noun(level))})" for g in request.groups]
        )
        out.append(f"Kept together: {names}.")
    if request.whole_states:
        out.append(f"Kept whole: {and_list([STATES.get(s, s) for s in request.whole_states])}.")
    return out


def _plain_percent(share: float) -> str:
    """ "5%", "7.5%"."""
    value = 100 * share
    return percent(value, 0 if abs(value - round(value)) < 0.05 else 1)


def kilometers(distance: float | None, *, miles: bool) -> float | None:
    """A distance as typed, in km."""
    return None if distance is None else distance * (MILE_KM if miles else 1.0)


def typed(km: float | None, *, miles: bool) -> float | None:
    """A distance in km as a person types it, rounded."""
    return None if km is None else round(km / (MILE_KM if miles else 1.0), 1)


def group_line(name: str, units: Sequence[str], names: Mapping[str, str], level: str) -> str:
    """ "Austin: 3 counties (Hays, TX; Travis, TX; Williamson, TX)"."""
    some = "; ".join([names.get(u, u) for u in units[:3]]) + (f" and {len(units) - 3} more" if len(units) > 3 else "")
    return f"{name}: {count(len(units), unit_noun(level, 1), unit_noun(level))} ({some})"
