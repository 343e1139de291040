"""Rules and formulas: what they mean, where their errors point, and that no text does anything else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.scoring.expressions import compute
from terr.scoring.language import column_name, parse, text_literal
from terr.scoring.nodes import CONDITIONS, FUNCTIONS, MAX_LENGTH, FormulaError, Node, names
from terr.scoring.segments import Segment, members
from tests.helpers.effort import examples
from tests.helpers.grids import make_accounts

NAN = np.nan
BOOK = make_accounts(
    ["48001"] * 5,
    {
        "Industry": ["Health", "health ", "Retail", "", ""],
        "Seats in use": ["10", "x", "", "0", "5"],
        "Annual Revenue": ["$1,000", "$2,000", "$3,000", "", "$0"],
        "Umsatz": ["€1", "€2", "€3", "€4", "€5"],
        "max": ["1", "2", "3", "4", "5"],
    },
    users=[1, 2, NAN, 0, 5],
    price=[10, 20, 30, 40, 50],
)


@pytest.mark.parametrize(
    ("formula", "figures", "currency"),
    [
        ("users * price", [10, 40, NAN, 0, 250], ""),
        ("0.3 * [annual revenue] + 100 * [seats in use]", [1300, NAN, NAN, NAN, 500], "USD"),
        ("annual_revenue", [1000, 2000, 3000, NAN, 0], "USD"),
        ("min(users, 2) + max(price, 25)", [26, 27, NAN, 40, 52], ""),
        ("where(users > 1, price, -price)", [-10, 20, NAN, -40, 50], ""),
        ('where(industry = "health", 2, 1) * price', [20, 40, 30, 40, 50], ""),
        ("round(price / 3) + round(2.5)", [6, 10, 13, 16, 20], ""),
        ("round(price * 10.06, 1)", [100.6, 201.2, 301.8, 402.4, 503.0], ""),
        ("round(price, -2)", [0, 0, 0, 0, 100], ""),
        ("abs(0 - price) - 2 * 3 ^ 2", [-8, 2, 12, 22, 32], ""),
        ("-2 ^ 2 + 0 * price", [-4] * 5, ""),
        ("100 - 10 - 1 + 0 * price", [89] * 5, ""),
        ("12 / 2 / 3 * 1k + 30% + 0 * price", [2000.3] * 5, ""),
        ("ifblank(users, 7)", [1, 2, 7, 0, 5], ""),
        ("sqrt([Annual Revenue] ^ 2)", [1000, 2000, 3000, NAN, 0], "USD"),
        ("[Annual Revenue] / [Annual Revenue] * price", [10, 20, 30, NAN, NAN], ""),
        ("price / [Annual Revenue]", [0.01, 0.01, 0.01, NAN, NAN], "1/USD"),
        ("[max] + 1", [2, 3, 4, 5, 6], ""),
        ("1_000 × price ÷ 10 − 1", [999, 1999, 2999, 3999, 4999], ""),
        ("log(price / 10)", list(np.log([1, 2, 3, 4, 5])), ""),
    ],
)
def test_formulas_worked_by_hand(formula: str, figures: list[float], currency: str) -> None:
    made = compute(BOOK, formula)
    np.testing.assert_allclose(made.amounts, figures, rtol=1e-12)
    assert made.currency == currency
    assert made.known + made.blank + sum(f.accounts for f in made.faults) == len(BOOK)


def test_what_has_no_value_is_told_with_its_rows() -> None:
    made = compute(BOOK, "price / users")
    assert [str(f) for f in made.faults] == ["division by zero in 1 account: row 5"]
    assert made.blank == 1  # the blank user count
    assert compute(BOOK, "where(users > 0, price / users, 0)").faults == ()  # not divided, no fault
    assert [f.what for f in compute(BOOK, "log(users)").faults] == ["logarithm of zero or less"]
    assert [f.accounts for f in compute(BOOK, "(users - 3) ^ 0.5").faults] == [3]
    assert [f.accounts for f in compute(BOOK, "1e15 * price").faults] == [5]
    unknown = compute(BOOK, "users / (price - 30)")  # a blank over zero is a blank first
    assert (unknown.blank, unknown.faults) == (1, ())
    filled = compute(BOOK, "ifblank(price / users, 1)")
    np.testing.assert_array_equal(filled.amounts, [10, 10, 1, NAN, 10])  # a division by zero is no blank
    assert "aren't numbers" in compute(BOOK, "[Seats in use] * 2").notes[0]


ODD_NAMES = (
    'a.b [x] "y"',
    "a]b",
    "[a",
    "x\\",
    "\\[",
    "it's 5% (net): a/b",
    "max",
    "Größe",
    "![i](http://img.example/a.png)",
    "in",
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_column_can_be_named_whatever_is_in_its_name(name: str) -> None:
    book = make_accounts(["48001"] * 2, {name: ["1", "2"], f"{name} 2": ["5", "5"]}, users=[10, 20])
    np.testing.assert_allclose(compute(book, f"{column_name(name)} * 2 + users").amounts, [12, 24])
    np.testing.assert_allclose(compute(book, f"[Users] + {column_name(name)}").amounts, [11, 22])


def test_brackets_that_match_need_no_sign_before_them() -> None:
    assert names(parse('[a.b [x] "y"] + [a\\]b] + [c[1][2]]')) == ('a.b [x] "y"', "a]b", "c[1][2]")


@given(st.text(min_size=1).filter(lambda t: t == t.strip() and t.strip()))
@examples(200)
def test_every_name_and_text_comes_back_from_a_formula(text: str) -> None:
    assert names(parse(f"{column_name(text)} + users"))[0] == text
    tree = parse(f"users = {text_literal(text)}")
    assert tree.right.value == text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("formula", "position", "part"),
    [
        ("", 0, "the formula is empty"),
        ("users +", 7, "missing at the end"),
        ("users price", 6, "next to each other"),
        ("users * prize", 8, 'did you mean "price"'),
        ("users.price", 5, "dot"),
        ("(users", 6, "a ) is missing"),
        ("users)", 5, "is unexpected"),
        ("industry * 2", 0, "contains text"),
        ('"abc', 0, "isn't closed"),
        ("[abc", 0, "don't match"),
        ("[] + 1", 0, "no column's name"),
        ("[Annual Revenue] + Umsatz", 17, "USD and EUR can't be added"),
        ("[Annual Revenue] * Umsatz", 17, "USD and EUR can't be multiplied"),
        ("[Annual Revenue] * [Annual Revenue]", 0, "USD to the power 2"),
        ("users > 2", 0, "a condition, not a number"),
        ("where(users, 1, 2)", 6, "a condition such as"),
        ("min(users)", 0, "takes 2 to 20"),
        ("eval(users)", 0, "no function eval"),
        ("users ^ price", 8, "plain number"),
        ("2 ^ 5", 4, "from -4 to 4"),
        ("2 ^ 2 ^ 2", 2, "needs parentheses"),
        ("1e300", 0, "larger than"),
        ("5x", 1, "followed directly"),
        ('"a" + 1', 0, "text can't be calculated with"),
        ("round(price, users)", 13, "digits"),
        ("users; price", 5, "has no meaning"),
        ("users\x00", 5, "U+0000"),
        ("in + 1", 0, "square brackets"),
    ],
)
def test_errors_say_what_and_where(formula: str, position: int, part: str) -> None:
    with pytest.raises(FormulaError, match=r"\(at character \d+\)") as caught:
        compute(BOOK, formula)
    assert part in str(caught.value)
    assert caught.value.position == position
    assert caught.value.pointer().splitlines()[1].index("^") == min(position, 40)


@pytest.mark.parametrize(
    ("rule", "mask", "unknown"),
    [
        ('industry = "HEALTH"', "11000", "00000"),
        ('industry != "Health"', "00111", "00000"),
        ('not industry = "Health"', "00111", "00000"),
        ("users > 1", "01001", "00100"),
        ("not users > 1", "10010", "00100"),
        ('industry = "Health" and users >= 1 or owner in ("Rep 0")', "11010", "00000"),
        ("users > 1 or industry is blank", "01011", "00100"),
        ("users > 1 and industry is blank", "00001", "00000"),
        ('industry in ("retail", "")', "00111", "00000"),
        ("users in (1, 5)", "10001", "00100"),
        ("users not in (1, 5)", "01010", "00100"),
        ('"health" = industry', "11000", "00000"),
        ('industry > "i"', "00100", "00000"),
        ('"i" > industry', "11000", "00000"),
        ("zip = 02139", "10000", "00000"),
        ('zip starts with "021"', "11111", "00000"),
        ('name ends with "3"', "00100", "00000"),
        ('name not contains "r 3"', "11011", "00000"),
        ("users between 1 and 2", "11000", "00100"),
        ("users is not blank", "11011", "00000"),
        ("price / 10 >= 2 * users", "00010", "00100"),
        ("industry = owner", "00000", "00000"),
        ("[annual revenue] >= 2k", "01100", "00010"),
        ('industry = "Health" AND NOT (price < 15)', "01000", "00000"),
    ],
)
def test_rules_worked_by_hand(rule: str, mask: str, unknown: str) -> None:
    found = members(BOOK, Segment("s", rule))
    assert "".join("01"[int(v)] for v in found.mask) == mask
    assert "".join("01"[int(v)] for v in found.unknown) == unknown


ATTACKS = [
    "__import__('os').system('id')",
    "().__class__.__bases__[0]",
    "users.__class__",
    "lambda: 1",
    "[x for x in users]",
    "exec('1')",
    "open('/etc/passwd')",
    "9**9**9**9",
    "users**-9",
    "1e308*1e308",
    "f'{users}'",
    "users:=1",
    "`users`",
    "getattr(users, 'x')",
    "globals()",
    "{{7*7}}",
    "${users}",
    "users if 1 else 2",
    "price @ users",
    "~users",
    "1 << 99",
    "import os",
    "del users",
    "@users",
    "'a' * 1e9",
    "price % 3",
    "where(where(1,2,3),1,2)",
    "((((((((((" * 100,
    "-" * 5000 + "users",
    "not " * 500 + "users > 1",
    "+".join(["users"] * 900),
    "max(" * 200,
    "users\n\n+\t1",
    "users and price",
    "\u202eusers",
    "＝users",
    "ｕｓｅｒｓ",
    "users‐1",
    "1__0",
    "0x10",
    "1j",
    "∞",
    "٣ * users",
    "1e999",
    "[[users]]",
    "users[0]",
    "DROP TABLE accounts; --",
    '=HYPERLINK("http://x")',
    "<script>alert(1)</script>",
]
PIECES = [
    "users",
    "price",
    "[Annual Revenue]",
    "Industry",
    "zz",
    "(",
    ")",
    "+",
    "-",
    "*",
    "/",
    "^",
    ",",
    "=",
    "<",
    ">=",
    "and",
    "or",
    "not",
    "in",
    "is",
    "blank",
    "between",
    "contains",
    "starts",
    "with",
    "where",
    "min",
    "round",
    "log",
    "ifblank",
    "1",
    "2.5",
    "1M",
    "30%",
    '"Health"',
    "''",
    "4",
    ".",
    "__class__",
    "0",
    "-1",
]
CONDITIONS_OF_BOOK = ["users > 1", "price < 35", 'industry = "Health"', "users in (0, 5)", "users is blank"]
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(ATTACKS),
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
    st.tuples(st.sampled_from(ATTACKS), st.sampled_from(PIECES)).map(" + ".join),
    st.builds(lambda a, i, c: a[:i] + c + a[i:], st.sampled_from(ATTACKS), st.integers(0, 40), st.characters()),
)


@examples(1000)
@given(HOSTILE)
def test_no_text_does_more_than_reckon(text: str) -> None:
    try:
        tree = parse(text)
        assert {type(n) for n in _walk(tree)} <= set(Node.__args__)  # plain values and nothing else
        if isinstance(tree, CONDITIONS):
            found = members(BOOK, Segment("s", text))
            assert not (found.mask & found.unknown).any()
            assert found.mask.dtype == bool
        else:
            made = compute(BOOK, text)
            assert np.nanmax(np.abs(np.append(made.amounts, 0.0))) <= 1e15
            assert made.known + made.blank + sum(f.accounts for f in made.faults) == len(BOOK)
        assert len(names(tree)) <= 2000
    except FormulaError as e:
        caught = e
        assert 0 <= caught.position <= len(text)
        assert caught.pointer()


def _walk(node: object) -> list[object]:
    out = [node]
    for value in vars(node).values():
        flat = (
            [v for item in value for v in (item if isinstance(item, tuple) else (item,))]
            if isinstance(value, tuple)
            else [value]
        )
        for v in flat:
            if type(v) in Node.__args__:
                out += _walk(v)
            else:
                assert isinstance(v, (str, float, int))
    return out


@pytest.mark.parametrize(
    "text", ["(" * 3000 + "users" + ")" * 3000, "-" * 9000 + "1", "users + " * 3000 + "1", "x" * (MAX_LENGTH + 1)]
)
def test_long_and_deep_texts_are_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        parse(text)


@st.composite
def sums(draw: st.DrawFn, depth: int = 3) -> str:
    """Formulas that Python reads the same way."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["users", "price", "3", "0.5", "7"]))
    a, b = draw(sums(depth=depth - 1)), draw(sums(depth=depth - 1))
    op = draw(st.sampled_from(["+", "-", "*"]))
    form = draw(
        st.sampled_from(["({a} {op} {b})", "{a} {op} {b}", "-({a}) {op} {b}", "min({a}, {b})", "max({a}, {b})"])
    )
    return form.format(a=a, op=op, b=b)


@examples(200)
@given(sums())
def test_sums_equal_pythons_own(formula: str) -> None:
    figures = BOOK.frame[["users", "price"]].to_numpy()
    ours = compute(BOOK, formula).amounts
    for k in (0, 1, 3, 4):
        users, price = figures[k]
        theirs = eval(formula, {"__builtins__": {}}, {"users": users, "price": price, "min": min, "max": max})  # noqa: S307
        assert ours[k] == pytest.approx(theirs, rel=1e-12, abs=1e-12)


@examples(200)
@given(st.lists(st.sampled_from(CONDITIONS_OF_BOOK), min_size=1, max_size=4), st.sampled_from([" and ", " or "]))
def test_a_rule_and_its_opposite_part_the_accounts(parts: list[str], word: str) -> None:
    rule = word.join(parts)
    yes, no = members(BOOK, Segment("s", rule)), members(BOOK, Segment("s", f"not ({rule})"))
    np.testing.assert_array_equal(yes.unknown, no.unknown)
    np.testing.assert_array_equal(yes.mask.astype(int) + no.mask + yes.unknown, np.ones(len(BOOK)))


def test_every_function_is_offered_in_the_help() -> None:
    from terr.scoring.expressions import HELP

    assert all(f"{f}(" in HELP for f in FUNCTIONS)
