"""What territory plans are drafted from: accounts, scores and facts of one plan, worked out once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.facts.win_rates import win_rates
from terr.ingest.facts.fact_rows import LOST, OPEN, WON
from terr.model.wording import number_language
from terr.planbook.reasons import ReasonParts, rank_accounts, similar_won, size_bands
from terr.planbook.swot import ComparedRate
from terr.scoring import columns
from terr.view.text import count, date_text, number, percent, short
from terr.workspace.accounts.dataset import Dataset, dataset
from terr.workspace.caches import CacheKind
from terr.workspace.facts.account_facts import buyers_of
from terr.workspace.facts.groups import TERRITORY
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from terr.workspace.facts.performance import NOBODY, FactSet, Period
from terr.workspace.performance.findings import Standout, standouts
from terr.workspace.performance.grouping import Grouping
from terr.workspace.performance.report import PerformanceReport, currency_of, performance_of
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.reps.assignment import ground_of
from terr.workspace.reps.serving import hours_needed
from terr.workspace.reps.team import (
    POTENTIAL_WORDS,
    REVENUE_WORDS,
    account_tiers,
    amounts,
    main_segment,
    measure_named,
)
from terr.workspace.workspace import Workspace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
WEIGHTS: Mapping[str, float] = {"white space": 0.35, "likeness": 0.2, "score": 0.2, "similar wins": 0.1, "timing": 0.15}
"""How much each part counts in the order of target accounts."""
_SIZES = ("employees", "headcount", "beds", "fte", "users", "seats", "students", "doctors", "stores")
_LEAST_PEERS, _LEAST_MARKET = 8, 5
_RENEWAL = np.timedelta64(180, "D")


@dataclass(frozen=True, eq=False)
class PlanbookGround:
    """One plan's accounts and facts; arrays have one entry per account.

    Attributes:
        shown: the plan.
        territory: position of each account's territory, -1 = none.
        kinds: of facts there are; period: the twelve months to the newest fact, None without any with a day.
        tier: label of each account; tier_note: where tiers come from.
        segment: text of each account, "" = unknown; segment_column: "" = none.
        size_text: "1,200 employees".
        estimate: potential of each account, NaN = unknown; low, high: its range; measure: its name, "" = none.
        currency: of the estimate; method: how the estimate and how its range were made, in words.
        rank: how much it is a target within its territory, 0 to 1.
        parts: names of the parts the order rests on.
        similar: won deals of similar accounts.
        likeness: 0 to 100, NaN = unknown.
        months_silent: whole months since the last order, -1 = never or no orders; white: white space, NaN = unknown.
        open_amount: of open deals; renewal: end of its contract, NaT; sales, sales_before: in both years.
        touched: contacted in the period; buyer: as facts name them, "" = unknown.
        now, before: figures by territory in the period and the year before; None without facts.
        found: what stands out, by territory.
        rates: position of a territory -> rates in its segments beside the team's, and of its market.
        hours: a year each territory needs.
        money: currency of the facts.
    """

    shown: PlanSnapshot
    territory: Ints
    kinds: frozenset[str]
    period: Period | None
    tier: NDArray[np.object_]
    tier_note: str
    segment: NDArray[np.object_]
    segment_column: str
    size_text: NDArray[np.object_]
    estimate: Floats
    low: Floats
    high: Floats
    measure: str
    currency: str
    method: tuple[str, str]
    rank: Floats
    parts: tuple[str, ...]
    similar: Ints
    likeness: Floats
    months_silent: Ints
    white: Floats
    open_amount: Floats
    renewal: NDArray[np.datetime64]
    sales: Floats
    sales_before: Floats
    touched: Flags
    buyer: NDArray[np.object_]
    now: PerformanceReport | None
    before: PerformanceReport | None
    found: tuple[Standout, ...]
    rates: Mapping[int, tuple[ComparedRate, ...]]
    hours: Floats
    money: str = ""
    row_of: Mapping[str, int] = field(default_factory=dict)

    @property
    def as_of(self) -> date | None:
        """The day of the newest fact."""
        return None if self.period is None else self.period.end.astype(object)

    def has(self, kind: str) -> bool:
        """Whether facts of a kind were imported."""
        return kind in self.kinds

    def position(self, code: int) -> int:
        """Position of a territory.

        Raises:
            InputError: if the plan has none of this code.
        """
        codes = [t.code for t in self.shown.plan.territories]
        if code not in codes:
            raise InputError("this territory isn't in the plan any more; open another one")
        return codes.index(code)

    def rows(self, at: int) -> Ints:
        """Positions of the accounts of a territory."""
        return np.flatnonzero(self.territory == at)

    def reason_parts(self, row: int) -> ReasonParts:
        """What is known of an account, as texts."""
        silent, orders = int(self.months_silent[row]), self.has("orders")
        sales, before = float(self.sales[row]), float(self.sales_before[row])
        fell = orders and before > 0 and sales < 0.75 * before and silent < 12
        end, white = self.renewal[row], float(self.white[row])
        return ReasonParts(
            segment=str(self.segment[row]),
            size=str(self.size_text[row]),
            similar_won=int(self.similar[row]) if self.has("opportunities") else None,
            likeness=f"{self.likeness[row]:.0f} of 100" if np.isfinite(self.likeness[row]) else "",
            open_deal=f"{short(self.open_amount[row], self.money)} in open deals" if self.open_amount[row] > 0 else "",
            months_silent=silent if orders and silent >= 0 else None,
            never_ordered=orders and silent < 0,
            renewal="" if np.isnat(end) else f"contract ends {date_text(end.astype(object))}",
            trend=f"sales down {percent(100 * (1 - sales / before), 0)} in 12 months" if fell else "",
            white_space=f"{short(white, self.currency)} white space" if np.isfinite(white) and white > 0 else "",
            untouched=self.has("activities") and not bool(self.touched[row]),
            tier=str(self.tier[row]),
        )


GROUNDS = CacheKind[tuple[str, int, str, str, tuple[Any, ...]], PlanbookGround]("what territory plans rest on", 12)
"""By scenario, revision, accounts, exceptions, and versions of facts and roster."""


def ground(ws: Workspace, scenario_id: str, today: date | None = None) -> PlanbookGround:
    """What the territory plans of a plan rest on on a day; made once for each state of plan and data.

    Raises:
        LocateError, PlanError: as `plan_snapshot`.
    """
    shown = plan_snapshot(ws, scenario_id)
    kept = tuple((k.kind, k.revision) for k in facts_kept(ws, shown.info.dataset_id))
    day = today or datetime.now(UTC).date()
    # it holds sentences, and those of a document may be written in another language of numbers
    mark = (kept, shown.reps, shown.info.measure, shown.info.tolerance, day, number_language().tag)
    key = (scenario_id, shown.rev, shown.data, repr(shown.held.rows.tobytes()), mark)
    return ws.caches[GROUNDS].get_or_make(key, lambda: _make(ws, shown, dataset(ws, shown.info.dataset_id), day))


def _make(ws: Workspace, shown: PlanSnapshot, data: Dataset, day: date) -> PlanbookGround:
    accounts, n = shown.accounts, len(shown.accounts)
    territory = ground_of(shown).territory
    tier, tier_note = account_tiers(accounts)
    facts = fact_set_of(ws, shown.info.dataset_id, accounts, tier == "A")
    try:
        period: Period | None = facts.usual_period()
    except InputError:  # no fact has a day
        period = None
    segment_column = main_segment(accounts)
    segment = _texts(accounts.frame[segment_column]) if segment_column else np.full(n, "", dtype=object)
    sizes, size_text = _sizes(accounts.frame, accounts.measures)
    seg = pd.factorize(segment)[0].astype(np.int64)
    seg = np.where(segment == "", -1, seg) if segment_column else np.full(n, -1, dtype=np.int64)
    bands = size_bands(sizes)
    deals = _deals(facts.by_kind.get("opportunities"), n)
    orders = _orders(facts.by_kind.get("orders"), n, period)
    renewal, touched = _contracts(facts, n, period, day), _touched(facts, n, period)
    measure = measure_named(accounts, POTENTIAL_WORDS) or measure_named(accounts, REVENUE_WORDS)
    estimate, low, high, method = _estimates(shown, measure, seg, bands)
    currency = dict(accounts.currency).get(measure, "")
    white = _white_space(shown, estimate, orders.sales if "orders" in facts.by_kind else None)
    likeness, score = _made_by(data, "likeness"), _made_by(data, "score")
    similar = similar_won(seg, bands, deals.won)
    timing = _timing(facts, period, deals.open_amount, renewal, orders.silent)
    size_part, size_name = white, "white space"
    if not np.isfinite(white).any():
        size_part, size_name = estimate, measure
    if not np.isfinite(size_part).any():  # nothing says what an account is worth: what the plan balances
        size_part, size_name = accounts.frame[shown.measure].to_numpy(dtype=np.float64), shown.measure
    given = {
        "white space": size_part,
        "likeness": likeness,
        "score": score,
        "similar wins": similar.astype(np.float64) if deals.won.any() else np.full(n, np.nan),
        "timing": timing,
    }
    rank = np.full(n, np.nan)
    for at in range(len(shown.plan.territories)):
        inside = territory == at
        rank[inside] = rank_accounts(given, WEIGHTS, inside)[inside]
    titles = {**{name: name for name in given}, "likeness": "look-alikes"}
    titles["white space"] = size_name
    used = tuple(titles[name] for name, values in given.items() if np.isfinite(values).any() and titles[name])
    money = currency_of(facts, accounts)
    now = before = None
    found: tuple[Standout, ...] = ()
    if period is not None and facts.by_kind:
        names = [t.name for t in shown.plan.territories]
        groups = np.array([*names, NOBODY], dtype=object)[territory]
        grouping = Grouping(TERRITORY, groups, "", shown.info.id)
        now = performance_of(facts, grouping, period, currency=money)
        before = performance_of(facts, grouping, period.before, currency=money)
        found = standouts(now)
    return PlanbookGround(
        shown=shown,
        territory=territory,
        kinds=frozenset(facts.by_kind),
        period=period,
        tier=tier,
        tier_note=tier_note,
        segment=segment,
        segment_column=segment_column,
        size_text=size_text,
        estimate=estimate,
        low=low,
        high=high,
        measure=measure,
        currency=currency,
        method=method,
        rank=rank,
        parts=used,
        similar=similar,
        likeness=likeness,
        months_silent=orders.silent,
        white=white,
        open_amount=deals.open_amount,
        renewal=renewal,
        sales=orders.sales,
        sales_before=orders.before,
        touched=touched,
        buyer=buyers_of(facts, n),
        now=now,
        before=before,
        found=found,
        rates=_rates(shown, facts, period, territory, segment, orders),
        hours=hours_needed(shown) if shown.plan.territories else np.zeros(0),
        money=money,
        row_of={str(i): k for k, i in enumerate(accounts.frame["account_id"].astype(str))},
    )


def _texts(column: pd.Series) -> NDArray[np.object_]:
    """Segments as people write them: words in capitals alone get small letters."""
    code, words = pd.factorize(column.astype(str))
    tidy = [w.strip() for w in words]
    tidy = [w[0] + w[1:].lower() if len(w) > 4 and w.isupper() else w for w in tidy]
    return np.asarray(np.array([*tidy, ""], dtype=object)[code])


def _sizes(frame: pd.DataFrame, measures: tuple[str, ...]) -> tuple[Floats, NDArray[np.object_]]:
    """float64 (n,), size of each account, NaN = unknown; and the same in words."""
    name = next((m for w in _SIZES for m in measures if columns.normalized_header(m) == w), "")
    out = np.full(len(frame), np.nan)
    if not name:
        return out, np.full(len(frame), "", dtype=object)
    out = frame[name].to_numpy(dtype=np.float64).copy()
    out[~(out > 0)] = np.nan
    noun = name.lower()
    one = noun.removesuffix("s")
    words = [f"{number(v)} {one if v == 1 else noun}" if np.isfinite(v) else "" for v in out.tolist()]
    return out, np.array(words, dtype=object)


@dataclass(frozen=True, eq=False)
class _Deals:
    """Won deals (int64) and money in open ones (float64) of each account."""

    won: Ints
    open_amount: Floats


def _deals(joined: JoinedFacts | None, n: int) -> _Deals:
    if joined is None:
        return _Deals(np.zeros(n, dtype=np.int64), np.zeros(n))
    status = joined.facts.frame["status"].to_numpy(dtype=object)
    known = joined.account >= 0
    won = np.bincount(joined.account[known & (status == WON)], minlength=n)
    waits = known & (status == OPEN)
    money = np.bincount(joined.account[waits], weights=joined.amounts[waits], minlength=n)
    return _Deals(won.astype(np.int64), money.astype(np.float64))


@dataclass(frozen=True, eq=False)
class _Orders:
    """Whole months since the last order (-1 = none), and sales of the period and of the year before."""

    silent: Ints
    sales: Floats
    before: Floats


def _orders(joined: JoinedFacts | None, n: int, period: Period | None) -> _Orders:
    silent, zero = np.full(n, -1, dtype=np.int64), np.zeros(n)
    if joined is None or period is None:
        return _Orders(silent, zero, zero.copy())
    days, known = joined.days(), joined.account >= 0
    use = known & ~np.isnat(days)
    last = np.full(n, np.datetime64("0001-01-01"), dtype="datetime64[D]")
    np.maximum.at(last, joined.account[use], days[use])
    some = last > np.datetime64("0001-01-01")
    gone = (period.end - last[some]).astype(np.float64) / 30.44
    silent[some] = np.maximum(np.floor(gone), 0).astype(np.int64)
    sums = [
        np.bincount(joined.account[use & p.holds(days)], weights=joined.amounts[use & p.holds(days)], minlength=n)
        for p in (period, period.before)
    ]
    return _Orders(silent, sums[0].astype(np.float64), sums[1].astype(np.float64))


def _contracts(facts: FactSet, n: int, period: Period | None, today: date) -> NDArray[np.datetime64]:
    """Day on which an account's contract ends, if in the next half year; else NaT."""
    out = np.full(n, np.datetime64("NaT"), dtype="datetime64[D]")
    joined = facts.by_kind.get("contracts")
    if joined is None or period is None:
        return out
    ends = joined.days("end")
    first = max(period.end, np.datetime64(today))
    use = (joined.account >= 0) & ~np.isnat(ends) & (ends >= first) & (ends <= first + _RENEWAL)
    order = np.flatnonzero(use)[np.argsort(ends[use])[::-1]]
    out[joined.account[order]] = ends[order]  # the soonest is written last
    return out


def _touched(facts: FactSet, n: int, period: Period | None) -> Flags:
    out = np.zeros(n, dtype=np.bool_)
    joined = facts.by_kind.get("activities")
    if joined is not None and period is not None:
        out[joined.account[(joined.account >= 0) & period.holds(joined.days())]] = True
    return out


def _estimates(
    shown: PlanSnapshot, measure: str, seg: Ints, bands: Ints
) -> tuple[Floats, Floats, Floats, tuple[str, str]]:
    """Estimate, low and high of each account, and how both were made."""
    accounts, n = shown.accounts, len(shown.accounts)
    blank = np.full(n, np.nan)
    if not measure:
        return blank, blank, blank, ("", "")
    estimate = accounts.frame[measure].to_numpy(dtype=np.float64)
    names = f"{measure} (low)", f"{measure} (high)"
    if all(name in accounts.measures for name in names):
        low, high = (accounts.frame[name].to_numpy(dtype=np.float64) for name in names)
        return estimate, low, high, (f"{measure} of the accounts", f"{names[0]} to {names[1]}, from Scores")
    low, high = blank.copy(), blank.copy()
    known = np.isfinite(estimate) & (bands >= 0)
    code = np.where(known, (seg + 1) * (int(bands.max(initial=0)) + 1) + bands, -1)
    for one in np.unique(code[known]).tolist():
        rows = np.flatnonzero(code == one)
        if len(rows) >= _LEAST_PEERS:
            ends = np.quantile(estimate[rows], (0.25, 0.75))
            low[rows], high[rows] = np.minimum(estimate[rows], ends[0]), np.maximum(estimate[rows], ends[1])
    said = "the middle half of accounts of the same segment and size, widened to the account's own estimate"
    said = said if np.isfinite(low).any() else ""
    return estimate, low, high, (f"{measure} of the accounts", said)


def _white_space(shown: PlanSnapshot, estimate: Floats, sales: Floats | None) -> Floats:
    """White space of each account: a measure of that name, else what its potential is above sales; NaN = unknown."""
    named = measure_named(shown.accounts, ("white space", "whitespace"))
    if named:
        return np.asarray(shown.accounts.frame[named].to_numpy(dtype=np.float64))
    potential = measure_named(shown.accounts, POTENTIAL_WORDS)
    if sales is None:
        now = amounts(shown.accounts, measure_named(shown.accounts, REVENUE_WORDS))
        sales = now
    if not potential or sales is None:
        return np.full(len(estimate), np.nan)
    left = estimate - sales
    return np.where(left > 0, left, np.where(np.isfinite(left), 0.0, np.nan))


def _made_by(data: Dataset, kind: str) -> Floats:
    """The first kept score or likeness of a data set; NaN without one."""
    accounts = data.accounts
    for step in () if data.scored is None else data.scored.steps:
        if step.definition.kind == kind and step.made is not None and not step.problem:
            name = step.definition.makes[0]
            if name in accounts.measures:
                return np.asarray(accounts.frame[name].to_numpy(dtype=np.float64))
    return np.full(len(accounts), np.nan)


def _timing(
    facts: FactSet, period: Period | None, open_amount: Floats, renewal: NDArray[np.datetime64], silent: Ints
) -> Floats:
    """How much an account asks for attention now, 0 to 1: an open deal, a contract that ends, orders that stopped."""
    n = len(open_amount)
    if period is None or not set(facts.by_kind) & {"orders", "opportunities", "contracts"}:
        return np.full(n, np.nan)
    out = np.full(n, 0.3)
    if "orders" in facts.by_kind:
        out[silent < 0] = 0.4
        out[(silent >= 6) & (silent <= 24)] = 0.7
    out[~np.isnat(renewal)] = 0.9
    out[open_amount > 0] = 1.0
    return out


def _rates(
    shown: PlanSnapshot,
    facts: FactSet,
    period: Period | None,
    territory: Ints,
    segment: NDArray[np.object_],
    orders: _Orders,
) -> dict[int, tuple[ComparedRate, ...]]:
    """Win rates by territory and segment beside the team's in it, and of the segments beside all."""
    joined = facts.by_kind.get("opportunities")
    words = sorted({str(s) for s in segment.tolist()} - {""})
    k, s = len(shown.plan.territories), len(words)
    if joined is None or period is None or s < 2 or not k:
        return {}
    at = {w: j for j, w in enumerate(words)}
    seg = np.array([at.get(str(w), -1) for w in segment.tolist()] + [-1], dtype=np.int64)
    status, now = joined.facts.frame["status"].to_numpy(dtype=object), period.holds(joined.days("closed"))
    of, row = np.append(territory, -1)[joined.account], seg[joined.account]
    use = now & (of >= 0) & (row >= 0)
    table = np.zeros((2, k, s), dtype=np.int64)
    for which, name in enumerate((WON, LOST)):
        mine = use & (status == name)
        np.add.at(table[which], (of[mine], row[mine]), 1)
    won, lost = table
    pairs = win_rates(won.ravel(), lost.ravel())
    whole = win_rates(won.sum(axis=0), lost.sum(axis=0))
    tried = won.sum() + lost.sum()
    every = float(won.sum() / tried) if tried else 0.0
    out: dict[int, tuple[ComparedRate, ...]] = {}
    for t in range(k):
        found = []
        inside = territory == t
        total = float(orders.sales[inside].sum())
        for j, word in enumerate(words):
            n_seg = int(won[:, j].sum() + lost[:, j].sum())
            if not n_seg:
                continue
            i = t * s + j
            team = float(won[:, j].sum() / n_seg)
            own = won[t, j] + lost[t, j]
            figures = (float(pairs.estimate[i]), float(pairs.low[i]), float(pairs.high[i]), team)
            found.append(ComparedRate(f"win rate:{word}", f"win rate in {word}", *figures, int(won[t, j]), int(own)))
            here = inside & (seg[:-1] == j)
            new = int((here & (orders.silent < 0)).sum()) if "orders" in facts.by_kind else int(here.sum())
            share = float(orders.sales[here].sum()) / total if total > 0 else 0.0
            figures = (float(whole.estimate[j]), float(whole.low[j]), float(whole.high[j]), every)
            good = figures[1] > every
            if (good and new < _LEAST_MARKET) or (not good and share < 0.15):
                continue
            tail = " that never ordered" if "orders" in facts.by_kind else ""
            more = (
                f"{count(new, 'account')} here{tail}"
                if good
                else f"{percent(100 * share, 0)} of the sales here are in it"
            )
            what = f"the whole team's win rate in {word}"
            found.append(
                ComparedRate(f"market:{word}", what, *figures, int(won[:, j].sum()), n_seg, market=True, more=more)
            )
        out[t] = tuple(found)
    return out
