"""Duplicates, families and reloads: by hand, then that no row and no money is lost, whatever is decided."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError, StoppedError
from terr.matching import duplicates, families, reload
from terr.matching.duplicates import DuplicateDecision, merge, suggest, undecided
from terr.matching.names import company_key, domain, marks, street
from terr.matching.pairs import find_pairs
from terr.model.accounts import Accounts
from terr.model.json_values import read, to_text
from tests.helpers.effort import examples
from tests.helpers.following import followed
from tests.helpers.grids import make_accounts

NAN = np.nan


def book(rows: list[dict], **measures: list[float]) -> Accounts:
    """Accounts from rows of columns; what a row doesn't name is blank."""
    own = sorted(
        {k for r in rows for k in r} - {"name", "zip", "city", "state", "owner", "account_id", "lat", "lon", "county"}
    )
    accounts = make_accounts(["48001"] * len(rows), {c: [r.get(c, "") for r in rows] for c in own}, **measures)
    frame = accounts.frame
    for c in ("name", "zip", "city", "state", "owner", "county"):
        frame[c] = [r.get(c, "") for r in rows]
    frame["account_id"] = [r.get("account_id", f"A-{k + 1}") for k, r in enumerate(rows)]
    frame["lat"], frame["lon"] = [[float(r.get(c, NAN)) for r in rows] for c in ("lat", "lon")]
    frame["located_by"] = ["lat_lon" if "lat" in r else "zip" for r in rows]
    return Accounts(frame, accounts.measures)


def groups(accounts: Accounts, kind: str = "duplicate") -> list[tuple[str, ...]]:
    return [s.accounts for s in suggest(accounts) if s.kind == kind]


# names


@pytest.mark.parametrize(
    ("name", "reduced"),
    [
        ("The ACME Widgets Co., Inc.", "acme widgets"),
        ("Acme, Inc.", "acme"),
        ("ACME Inc", "acme"),
        ("A.C.M.E. L.L.C.", "acme"),
        ("St. Mary's Hosp.", "saint marys hospital"),
        ("Müller & Söhne GmbH", "muller and sohne"),
        ("Société Générale S.A.", "societe generale"),
        ("Ørsted A/S", "orsted"),
        ("The Limited", "limited"),
        ("株式会社トヨタ", "株式会社トヨタ"),
        ("  ", ""),
        ("???", ""),
    ],
)
def test_names_lose_what_tells_nothing(name: str, reduced: str) -> None:
    assert company_key(name) == reduced


def test_streets_and_domains() -> None:
    assert street("12 Main Street, Ste. 4") == street("12 MAIN ST") == "12 main st"
    assert street("200 N. First Street #5") == "200 n 1st st"
    for text in ("https://www.acme.com/us?x=1", "Joe <joe@acme.com".split("<")[1], "ACME.com", "http://acme.com:80"):
        assert domain(text) == "acme.com"
    assert [domain(t) for t in ("joe@gmail.com", "n/a", "", "none")] == [""] * 4


def test_numbers_and_opposites_tell_names_apart() -> None:
    assert marks("store 12") != marks("store 13")
    assert marks("north clinic") != marks("south clinic")
    assert marks("regional medical center") != marks("regional medical center south")
    assert marks("store 012") == marks("store 12") == "12"
    assert marks("acme widget") == marks("acme widgets") == ""


# duplicates


def test_duplicates_by_name_and_place() -> None:
    accounts = book(
        [
            {"name": "Acme, Inc.", "zip": "02139", "Billing Street": "1 Main St"},
            {
                "name": "ACME Inc",
                "zip": "02139-1234",
                "Billing Street": "1 Main Street",
                "Website": "acme.com",
                "Phone": "1",
            },
            {"name": "Acme", "zip": "10001", "Billing Street": "5 Elm St"},
            {"name": "Zenith Labs", "zip": "60601"},
            {"name": "Zenith Lab", "zip": "60601"},
            {"name": "Store 12", "zip": "75001"},
            {"name": "Store 13", "zip": "75001"},
        ],
        revenue=[100, 20, 30, 1, 2, 3, NAN],
        seats=[5, NAN, 1, 1, 1, 1, 1],
    )
    first, second, third = suggest(accounts)
    assert first.accounts == ("A-1", "A-2")
    assert first.rows == (2, 3)
    assert first.keep == "A-2"  # more of its cells are filled
    assert str(first.evidence[0]) == "same name, same street, same ZIP"
    assert first.score == 100
    revenue, seats = first.effects
    assert (revenue.now, revenue.keep, revenue.sum, revenue.max) == (120, 20, 120, 100)
    assert (seats.now, seats.keep, seats.sum, seats.max) == (5, 0, 5, 5)
    assert second.accounts == ("A-4", "A-5")
    assert "name 95% alike" in str(second.evidence[0])
    # one name at two places is said, but no duplicate
    assert (third.kind, third.accounts) == ("elsewhere", ("A-1", "A-2", "A-3"))
    assert "other street" in str(third.evidence[1])


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ({"zip": "02139"}, {"zip": "02139"}, True),
        ({"zip": "2139"}, {"zip": "02139"}, True),
        ({"zip": "02139"}, {"zip": "94105"}, False),
        ({"city": "Austin", "state": "TX"}, {"city": "AUSTIN", "state": "TX"}, True),
        ({"city": "Austin", "state": "TX"}, {"city": "Austin", "state": "MN"}, False),
        ({"zip": "02139", "Street": "1 Main St"}, {"zip": "02139", "Street": "9 Main St"}, False),
        ({"zip": "02139", "Street": "1 Main St"}, {"zip": "02139", "Street": "1 Main Street, Suite 5"}, True),
        ({"zip": "02139", "Street": "PO Box 1"}, {"zip": "02139", "Street": "9 Main St"}, True),
        ({"zip": "02139", "Website": "acme.com"}, {"zip": "02139", "Website": "www.acme.com"}, True),
        ({"zip": "02139", "lat": 42.36, "lon": -71.09}, {"zip": "02139", "lat": 42.36, "lon": -71.0901}, True),
        ({"zip": "02139", "lat": 42.36, "lon": -71.09}, {"zip": "02139", "lat": 42.46, "lon": -71.09}, False),
        ({}, {"zip": "02139"}, True),
        ({}, {}, False),
        ({"Website": "acme.com"}, {"Website": "acme.com"}, True),
    ],
)
def test_place_decides_over_equal_names(a: dict, b: dict, same: bool) -> None:
    accounts = book([{"name": "Acme Inc", **a}, {"name": "ACME, Inc.", **b}], revenue=[1, 2])
    assert groups(accounts) == ([("A-1", "A-2")] if same else [])
    assert groups(accounts, "elsewhere") == ([] if same else [("A-1", "A-2")])


def test_a_name_nowhere_joins_no_chain() -> None:
    chain = [{"name": "Acme", "zip": f"0213{k}"} for k in range(3)]
    assert groups(book([{"name": "Acme"}, *chain], revenue=[1] * 4)) == []


def test_blank_names_are_no_duplicates() -> None:
    assert suggest(book([{"zip": "02139"}, {"zip": "02139"}, {"name": "Inc", "zip": "02139"}], revenue=[1, 2, 3])) == ()
    assert suggest(book([], revenue=[])) == ()


def test_groups_hold_only_accounts_that_all_agree() -> None:
    # the second differs by two letters from both others, which differ by four from each other
    names = ["Abcdefghij Klmnopqrst", "Xbcdefghiy Klmnopqrst", "Xbcdefghiy Xlmnopqrsy"]
    accounts = book([{"name": n, "zip": "02139"} for n in names], revenue=[1, 1, 1])
    assert groups(accounts) == [("A-1", "A-2")]


def test_merging_keeps_sums_or_takes_the_largest() -> None:
    rows = [{"name": "Acme", "zip": "02139"}] * 3 + [{"name": "Other", "zip": "02139"}]
    accounts = book(rows, revenue=[10, 20, NAN, 7], seats=[1, 2, 3, 4])
    found = suggest(accounts)[0]
    for how, revenue, seats in (("keep", 10, 1), ("sum", 30, 6), ("max", 20, 3)):
        left, told = merge(accounts, [found.decide(how, keep="A-1")])
        assert left.frame["revenue"].tolist() == [revenue, 7]
        assert left.frame["seats"].tolist() == [seats, 4]
        assert told.table["account_id"].tolist() == ["A-2", "A-3"]
        assert told.table["into"].tolist() == ["A-1", "A-1"]
        assert told.totals == (("revenue", 37, revenue + 7), ("seats", 10, seats + 4))
    left, _ = merge(accounts, [found.decide("keep", keep="A-1", measures={"revenue": "sum"})])
    assert left.frame[["revenue", "seats"]].to_numpy().tolist() == [[30, 1], [7, 4]]
    assert len(accounts) == 4  # the originals are as they were


def test_decisions_are_plain_text_and_are_taken_back_by_leaving_them_out() -> None:
    accounts = book([{"name": "Acme", "zip": "02139"}] * 2, revenue=[10, 20])
    found = suggest(accounts)
    decision = found[0].decide("sum")
    assert read(DuplicateDecision, json.loads(to_text(decision, "it")), "it") == decision
    assert undecided(found, [decision]) == ()
    assert undecided(found, [found[0].decide("apart")]) == ()
    assert undecided(found, []) == found
    pd.testing.assert_frame_equal(merge(accounts, [])[0].frame, accounts.frame)
    pd.testing.assert_frame_equal(merge(accounts, [found[0].decide("apart")])[0].frame, accounts.frame)
    for bad in (
        {},
        {"accounts": ["a"], "how": "sum", "keep": "a"},
        {"accounts": ["a", "b"], "how": "x", "keep": "a"},
        {"accounts": ["a", "b"], "how": "sum", "keep": "c"},
        {"accounts": "ab", "how": "sum", "keep": "a"},
        {"accounts": ["a", "b"], "how": "sum", "keep": "a", "measures": {"m": "apart"}},
    ):
        with pytest.raises(InputError):
            read(DuplicateDecision, bad, "a merge")


def test_decisions_that_no_longer_fit_are_told() -> None:
    accounts = book([{"name": "Acme", "zip": "02139"}] * 3, revenue=[1, 2, 3])
    left, told = merge(
        accounts,
        [DuplicateDecision(("A-1", "A-2", "A-9"), "sum", "A-1"), DuplicateDecision(("A-3", "A-8"), "sum", "A-3")],
    )
    assert left.frame["revenue"].tolist() == [3, 3]
    assert len(told.notes) == 2
    with pytest.raises(InputError, match="in two merges"):
        merge(
            accounts, [DuplicateDecision(("A-1", "A-2"), "sum", "A-1"), DuplicateDecision(("A-2", "A-3"), "sum", "A-2")]
        )


NAMES = [
    "Acme",
    "Acme Inc",
    "ACME, Inc.",
    "Acme 2",
    "Acmee",
    "Borealis Foods",
    "Borealis Food",
    "North Clinic",
    "South Clinic",
    "",
    "Éclair",
    "Eclair SA",
]
ROW = st.fixed_dictionaries(
    {"name": st.sampled_from(NAMES), "zip": st.sampled_from(["02139", "02140", ""])},
    optional={
        "Street": st.sampled_from(["1 Main St", "1 Main Street", "2 Main St"]),
        "Website": st.just("acme.com"),
        "city": st.just("Austin"),
        "state": st.just("TX"),
    },
)


@examples(150)
@given(st.lists(ROW, max_size=14), st.data())
def test_merging_loses_no_row_and_no_money(rows: list[dict], data: st.DataObject) -> None:
    amounts = data.draw(
        st.lists(st.one_of(st.just(NAN), st.integers(0, 99).map(float)), min_size=len(rows), max_size=len(rows))
    )
    accounts = book(rows, revenue=amounts)
    found = suggest(accounts)
    dup = [s for s in found if s.kind == "duplicate"]
    seen = [i for s in dup for i in s.accounts]
    assert len(seen) == len(set(seen))  # an account is in one group of duplicates at most
    how = {s.key: data.draw(st.sampled_from(["keep", "sum", "max", "apart"])) for s in dup}
    left, told = merge(accounts, [s.decide(how[s.key]) for s in dup])
    assert len(left) + len(told.table) == len(accounts)
    ((_, before, after),) = told.totals
    expected = sum(
        {"keep": s.effects[0].keep, "sum": s.effects[0].sum, "max": s.effects[0].max, "apart": s.effects[0].now}[
            how[s.key]
        ]
        - s.effects[0].now
        for s in dup
    )
    assert before == accounts.total("revenue")
    assert after == left.total("revenue") == pytest.approx(before + expected)
    assert [s.key for s in suggest(accounts)] == [s.key for s in found]


def test_thousands_of_copies_are_compared_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(
        duplicates, "find_pairs", lambda cards, _: compared.append(len(cards.name)) or find_pairs(cards)
    )
    accounts = book([{"name": "Acme", "zip": "02139"}] * 3000, revenue=[1.0] * 3000)
    (only,) = suggest(accounts)
    assert compared == [1]
    assert len(only.accounts) == 3000
    assert len(only.evidence) == duplicates.MOST_EVIDENCE


def test_comparing_is_stopped_between_blocks() -> None:
    accounts = book([{"name": f"Acme {n}", "zip": f"{n // 2:05}"} for n in range(8000)], revenue=[1.0] * 8000)
    progress, seen = followed()
    suggest(accounts, progress=progress)
    assert len(seen) >= 4
    progress, heard = followed(stop_after=3)
    with pytest.raises(StoppedError):
        suggest(accounts, progress=progress)
    assert len(heard) == 3


def test_a_block_larger_than_the_limit_still_finds_its_pairs() -> None:
    heads = [a + b for a in "Bor Cen Dyn Fal Gor Hel Jun Kor Lum Mer".split() for b in "ta dex vion mar lix".split()]
    goods = "Steel Glass Paper Wood Stone Cloth Brick Iron Salt Wool Silk Corn".split()
    names = [f"{a} {c} Works" for a in heads for c in goods]
    rows = [{"name": n, "zip": "02139"} for n in [*names, "Bortaa Steel Works", "Mer lix Corn Works"]]
    found = groups(book(rows, revenue=[1.0] * len(rows)))
    assert (f"A-{names.index('Borta Steel Works') + 1}", f"A-{len(names) + 1}") in found
    assert (f"A-{names.index('Merlix Corn Works') + 1}", f"A-{len(names) + 2}") in found


# families

KIN = [
    {"name": "Globex Corp", "account_id": "G"},
    {"name": "Globex East", "account_id": "E", "Parent Account ID": "G"},
    {"name": "Globex West", "account_id": "W", "Parent Account ID": "G"},
    {"name": "Initech", "account_id": "I"},
    {"name": "Initech Labs", "account_id": "L", "Parent Account ID": "Initech"},
    {"name": "Solo", "account_id": "S", "Parent Account ID": "nobody"},
]


def test_families_counted_twice_are_suggested() -> None:
    accounts = book(KIN, revenue=[100, 60, 40, 90, 30, 5], seats=[1, 5, 6, NAN, NAN, 1])
    sure, maybe = families.suggest(accounts)
    assert (sure.parent, sure.children, sure.certain) == ("G", ("E", "W"), True)
    (o,) = sure.overlaps  # seats: 1 is less than 11, nothing is counted twice
    assert (o.measure, o.parent, o.children, o.verdict) == ("revenue", 100, 100, "equal")
    assert (o.if_parent, o.if_children, o.if_rest) == (-100, -100, -100)
    assert (maybe.parent, maybe.certain) == ("I", False)
    assert (maybe.overlaps[0].if_parent, maybe.overlaps[0].if_children, maybe.overlaps[0].if_rest) == (-30, -90, -30)
    who = families.tree(accounts)
    assert (who.column, who.unknown, who.unclear, who.circles) == ("Parent Account ID", 1, 0, ())


@pytest.mark.parametrize(
    ("count", "after", "total"),
    [
        ("parent", [100, 0, 0], 100),
        ("children", [0, 60, 30], 90),
        ("rest", [10, 60, 30], 100),
        ("both", [100, 60, 30], 190),
    ],
)
def test_each_way_to_count_a_family(count: families.Count, after: list[float], total: float) -> None:
    accounts = book(KIN[:3], revenue=[100, 60, 30])
    (family,) = families.suggest(accounts)
    decision = family.decide(count)
    assert read(families.FamilyDecision, json.loads(to_text(decision, "it")), "it") == decision
    left, told = families.count_once(accounts, [decision])
    assert left.frame["revenue"].tolist() == after
    assert told.totals == (("revenue", 190, total),)
    assert len(left) == 3  # places and owners stay
    assert (told.table["before"] - told.table["after"]).sum() == 190 - total
    o = family.overlaps[0]
    assert {"parent": o.if_parent, "children": o.if_children, "rest": o.if_rest, "both": 0}[count] == total - 190


def test_families_within_families() -> None:
    rows = [
        {"account_id": "T", "name": "Top"},
        {"account_id": "M", "name": "Mid", "ParentId": "T"},
        {"account_id": "C", "name": "Leaf", "ParentId": "M"},
    ]
    accounts = book(rows, revenue=[100, 60, 60])
    top, mid = (
        families.FamilyDecision("T", "children", ("revenue",)),
        families.FamilyDecision("M", "parent", ("revenue",)),
    )
    assert families.count_once(accounts, [top, mid])[0].frame["revenue"].tolist() == [0, 60, 0]
    above = families.FamilyDecision("T", "parent", ("revenue",))
    for order in ([above, mid], [mid, above]):
        assert families.count_once(accounts, order)[0].frame["revenue"].tolist() == [100, 0, 0]
    with pytest.raises(InputError, match="two decisions"):
        families.count_once(accounts, [top, top])
    _, told = families.count_once(
        accounts,
        [families.FamilyDecision("C", "parent", ("revenue", "x")), families.FamilyDecision("M", "both", ("x",))],
    )
    assert len(told.notes) == 2


def test_circles_and_names_of_many_are_told() -> None:
    rows = [
        {"account_id": "A", "name": "A", "Parent": "B"},
        {"account_id": "B", "name": "B", "Parent": "A"},
        {"account_id": "C", "name": "C", "Parent": "C"},
        {"account_id": "D", "name": "Twin"},
        {"account_id": "E", "name": "Twin Inc"},
        {"account_id": "F", "name": "F", "Parent": "twin"},
        {"account_id": "H", "name": "H", "Parent": "A"},
    ]
    who = families.tree(book(rows, revenue=[1] * 7))
    assert (who.circles, who.unclear, who.unknown) == (("A", "B", "C"), 1, 0)
    assert who.parent.tolist() == [-1, -1, -1, -1, -1, -1, 0]
    long, short = "0015000000abcDEAAY", "0015000000abcDE"
    ids = book([{"account_id": long, "name": "P"}, {"account_id": "X", "name": "X", "ParentId": short}], revenue=[1, 1])
    assert families.tree(ids).parent.tolist() == [-1, 0]
    assert families.suggest(book([{"name": "A"}], revenue=[1])) == ()


@examples(150)
@given(st.data(), st.integers(1, 12))
def test_counting_a_family_never_adds_and_is_what_was_said(data: st.DataObject, n: int) -> None:
    parents = data.draw(st.lists(st.integers(-1, n - 1), min_size=n, max_size=n))
    amounts = data.draw(st.lists(st.one_of(st.just(NAN), st.integers(0, 9).map(float)), min_size=n, max_size=n))
    rows = [
        {"account_id": f"K{k}", "name": f"K{k}", "ParentId": f"K{p}" if p >= 0 else ""} for k, p in enumerate(parents)
    ]
    accounts = book(rows, revenue=amounts)
    found = families.suggest(accounts)
    for f in found:
        o = f.overlaps[0]
        for count, change in (("parent", o.if_parent), ("children", o.if_children), ("rest", o.if_rest), ("both", 0.0)):
            left, told = families.count_once(accounts, [f.decide(count)])
            assert left.total("revenue") == pytest.approx(accounts.total("revenue") + change)
            assert change <= 0
    counts = [f.decide(data.draw(st.sampled_from(families.COUNTS))) for f in found]
    left, told = families.count_once(accounts, counts)
    np.testing.assert_array_equal(np.isnan(left.frame["revenue"]), np.isnan(amounts))
    lost = (told.table["before"] - told.table["after"]).sum()
    assert told.totals[0][1] - told.totals[0][2] == pytest.approx(lost)
    assert families.count_once(accounts, counts[::-1])[0].frame["revenue"].equals(left.frame["revenue"])


def test_a_long_chain_of_parents_is_one_family() -> None:
    n = 2_000  # more than functions that call themselves could go down
    rows = [{"account_id": f"K{k}", "name": f"K{k}", "ParentId": f"K{k - 1}" if k else ""} for k in range(n)]
    accounts = book(rows, revenue=[1.0] * n)
    found = families.suggest(accounts)
    left, _ = families.count_once(accounts, [f.decide("parent") for f in found])
    assert left.total("revenue") == 1


# reload


def test_a_reload_by_hand() -> None:
    old = book(
        [
            {"account_id": "1", "name": "Acme Inc", "zip": "02139", "owner": "Ann", "county": "25017"},
            {"account_id": "2", "name": "Borealis", "zip": "02139", "owner": "Ann", "county": "25017"},
            {
                "account_id": "3",
                "name": "Cygnus",
                "zip": "10001",
                "city": "New York",
                "state": "NY",
                "owner": "Bob",
                "county": "36061",
            },
        ],
        revenue=[100, 50, NAN],
        seats=[1, 2, 3],
    )
    new = book(
        [
            {"account_id": "4", "name": "Draco", "zip": "60601", "owner": "Bob", "county": "17031"},
            {
                "account_id": "3",
                "name": "Cygnus Labs",
                "zip": "07030",
                "city": "Hoboken",
                "state": "NJ",
                "owner": "Ann",
                "county": "34017",
            },
            {"account_id": "1", "name": "ACME, Inc.", "zip": "02139-1234", "owner": "Ann", "county": "25017"},
        ],
        revenue=[30, 20, 90],
        beds=[1, 1, 1],
    )
    r = reload.compare(old, new)
    (flow,) = r.flows
    assert (flow.before, flow.new, flow.gone, flow.up, flow.down, flow.after) == (150, 30, 50, 20, -10, 140)
    assert (r.only_before, r.only_after) == (("seats",), ("beds",))
    assert r.rows["account"].tolist() == ["4", "3", "1", "2"]
    assert r.rows["status"].tolist() == ["new", "both", "both", "gone"]
    assert r.rows["moved"].tolist() == [False, True, False, False]
    assert r.rows["renamed"].tolist() == [False, True, False, False]  # Acme only writes itself otherwise
    assert r.rows["place before"].tolist()[1] == "10001 New York, NY"
    assert (
        r.sentence() == "1 new, 1 removed, 1 moved, 1 renamed, 1 with a new owner, 2 with changed amounts; 0 unchanged."
    )


def test_keys_of_files_without_ids_and_longer_ids() -> None:
    old = book(
        [
            {"account_id": "x1", "name": "Acme Inc", "zip": "02139"},
            {"account_id": "x2", "name": "Twin", "zip": "1"},
            {"account_id": "x3", "name": "twin", "zip": "1"},
        ],
        revenue=[1, 2, 3],
    )
    new = book(
        [{"account_id": "y9", "name": "ACME", "zip": "02139"}, {"account_id": "y1", "name": "Twin", "zip": "1"}],
        revenue=[5, 5],
    )
    r = reload.compare(old, new, ("name", "zip"))
    assert (r.count("new"), r.count("gone"), r.unclear) == (1, 2, 2)
    short, long = "0015000000abcDE", "0015000000abcDEAAY"
    r = reload.compare(book([{"account_id": short}], revenue=[1]), book([{"account_id": long}], revenue=[1]))
    assert r.count("same") == 1
    assert r.sentence() == "Nothing has changed."
    with pytest.raises(InputError, match="no column"):
        reload.compare(old, new, ("colour",))


def test_a_place_found_in_another_way_is_no_move() -> None:
    before = {"account_id": "1", "zip": "02139", "county": "25017"}
    by_zip, by_point = {**before, "county": "25025"}, {**before, "county": "25025", "lat": 42.36, "lon": -71.06}
    nowhere = {**before, "county": ""}
    for after, moved in ((by_zip, True), (by_point, False), (nowhere, True), (before, False)):
        r = reload.compare(book([before], revenue=[1]), book([after], revenue=[1]))
        assert r.rows["moved"].tolist() == [moved]
    far = {**by_point, "lat": 42.46}
    r = reload.compare(book([by_point], revenue=[1]), book([far], revenue=[1]))
    assert r.rows["moved"].tolist() == [True]


def test_a_change_of_currency_is_refused() -> None:
    old = book([{"account_id": "1"}], revenue=[1])
    new = Accounts(old.frame, old.measures, (("revenue", "EUR"),))
    with pytest.raises(InputError, match="USD"):
        reload.compare(Accounts(old.frame, old.measures, (("revenue", "USD"),)), new)
    assert reload.compare(old, new).count("same") == 1


QUARTER = st.lists(
    st.tuples(
        st.sampled_from([f"K{k}" for k in range(12)]),
        st.one_of(st.just(NAN), st.floats(-1e6, 1e9)),
        st.sampled_from(["02139", "10001", ""]),
    ),
    max_size=14,
)


@examples(100)
@given(QUARTER, QUARTER)
def test_sums_add_up_from_one_quarter_to_the_next(a: list, b: list) -> None:
    old, new = (
        book([{"account_id": i, "name": i, "zip": z} for i, _, z in q], revenue=[v for _, v, _ in q]) for q in (a, b)
    )
    r = reload.compare(old, new)
    (flow,) = r.flows
    size = 1e-9 * max(1.0, *(abs(v) for v in (flow.before, flow.after, flow.new, flow.gone, flow.up, flow.down)))
    assert flow.before == pytest.approx(math.fsum(v for _, v, _ in a if not math.isnan(v)), abs=size)
    assert flow.after == pytest.approx(math.fsum(v for _, v, _ in b if not math.isnan(v)), abs=size)
    assert flow.before + flow.new - flow.gone + flow.up + flow.down == pytest.approx(flow.after, abs=size)
    n_both = (r.rows["status"] == "both").sum()
    assert len(old) == n_both + r.count("gone")
    assert len(new) == n_both + r.count("new")


def test_a_reload_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(InputError, match="add up"):
        reload.MeasureFlow("revenue", 1, 1, 0, 0, 0, 3)
