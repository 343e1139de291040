"""What the browser is sent: people's text stays text, the map's script stays the same, figures are easy to read."""

from __future__ import annotations

import ast
import json
import math
import re
import shutil
import subprocess
import warnings
from datetime import UTC, date, datetime

import altair as alt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit_folium import _get_feature_group_string, _get_map_string, generate_js_hash, generate_leaflet_string

from terr.edits.colors import PALETTE
from terr.view import charts, colors, mapview, text
from terr.view.mapview import MapPatch, base_map, encode, patch_group
from tests.helpers.effort import examples

PAYLOADS = (
    "</script><script>alert(1)</script>",
    "${alert(1)}",
    "`${alert(1)}`",
    "{{'alert(1)'}}",
    "{% raw %}{{ 7*7 }}{% endraw %}",
    "<img src=x onerror=alert(1)>",
    "\"');alert(1);//",
    '\\");alert(1);//',
    "line\u2028separator\u2029and\r\nbreaks\x00",
    "map_0123456789abcdef0123456789abcdef",
    "feature_group_feature_group_0 _abc",
    "<!-- &lt;b&gt; -->",
    "javascript:alert(1)",
    "\U0001f600 東京 \u202e",
)
EXPRESSION = re.compile(r'JSON\.parse\((".*")\)', re.DOTALL)


def parsed(expression: str) -> object:
    """What JavaScript makes of the expression: a string literal that is also JSON, then JSON."""
    literal = EXPRESSION.fullmatch(expression)
    assert literal, expression
    return json.loads(json.loads(literal.group(1)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_data(payload):
    value = {"name": payload, payload: [payload, 1, None, True, -0.5]}
    expression = text.js_value(value)
    assert parsed(expression) == value
    assert not set("<>&'{}$_`\u2028\u2029\n\r") & set(expression)
    assert expression.isascii()
    assert "</script" not in expression
    assert generate_js_hash(expression, "k") == generate_js_hash(re.sub("_[a-z0-9]+", "", expression), "k")


def test_a_javascript_engine_reads_the_same_value():
    node = shutil.which("node")
    value = {"all": list(PAYLOADS), "n": [1, -2.5, 1e300, None, True], "": {}}
    if node is None:  # no engine on this machine: JSON is all that can be checked
        assert parsed(text.js_value(value)) == value
        return
    program = f"globalThis.alert = () => process.exit(3); console.log(JSON.stringify({text.js_value(value)}))"
    done = subprocess.run([node, "-"], input=program, capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(value))


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(), v, max_size=3),
    max_leaves=8,
)


@examples(200)
@given(JSON_VALUES)
def test_any_value_comes_back(value):
    expression = text.js_value(value)
    assert parsed(expression) == value
    assert expression.isascii()
    assert not set("<>&'{}$_`") & set(expression)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": -math.inf}])
def test_numbers_json_has_not_are_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        text.js_value(value)


def decode(code: str) -> list[int]:
    pairs = [code[i : i + 2] for i in range(0, len(code), 2)]
    at = {c: i for i, c in enumerate(mapview._ALPHABET)}
    return [64 * at[a] + at[b] for a, b in pairs]


def test_slots_take_two_characters_each():
    slots = np.array([0, 1, 63, 64, 499, 4094, -1], dtype=np.int16)
    code = encode(slots)
    assert code[:4] == "0001"
    assert len(code) == 2 * len(slots)
    assert decode(code) == [0, 1, 63, 64, 499, 4094, 4095]
    assert encode(np.zeros(0, dtype=np.int16)) == ""


@given(st.lists(st.integers(-1, 499), max_size=50))
def test_slots_come_back(slots):
    assert [-1 if v == 4095 else v for v in decode(encode(np.array(slots, dtype=np.int16)))] == slots


def mounted(made) -> str:
    return generate_js_hash(_get_map_string(made), "terr_map")


def test_the_same_map_is_not_mounted_again_and_another_one_is():
    one, two = base_map("county-1.json", ("DE", "RI")), base_map("county-1.json", ("DE", "RI"))
    assert _get_map_string(one) == _get_map_string(two)
    same = mounted(one)
    assert same == mounted(two)
    others = [("county-1.json", ("DE",)), ("county-1.json", None), ("state-1.json", ("DE", "RI"))]
    assert len({same, *(mounted(base_map(*args)) for args in others)}) == 4


def test_a_plan_on_the_map_does_not_mount_it_again():
    plain, with_plan = base_map("county-1.json", ("DE",)), base_map("county-1.json", ("DE",))
    before = mounted(plain)
    _get_feature_group_string(patch_group(patch()), map=with_plan)
    assert before == mounted(base_map("county-1.json", ("DE",)))


def test_no_link_leaves_the_machine():
    made = base_map("county-1.json", ("DE",))
    links = [url for _, url in (*made.default_js, *made.default_css)]
    assert len(links) >= 6
    for url in links:
        assert url.startswith("../../app/static/")
        path, version = url.removeprefix("../../app/static/").split("?v=")
        assert (mapview.STATIC / path).is_file()
        assert re.fullmatch("[0-9a-f]{10}", version)
    group = patch_group(patch())
    elements = [*made._children.values(), group, *group._children.values()]
    for element in elements:
        for _, url in (*getattr(element, "default_js", []), *getattr(element, "default_css", [])):
            assert "//" not in url
    script = _get_map_string(made) + generate_leaflet_string(group)
    assert not re.search(r"https?:|//[a-z]", script.replace("http://www.w3.org", ""))


def test_bundled_scripts_name_no_other_host():
    for path in [*mapview.STATIC.glob("map/*"), *mapview.STATIC.glob("vendor/*.css")]:
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert set(re.findall(r"(?:https?:)?//([a-z0-9-]+\.[a-z0-9.-]+)", code)) <= {"www.w3.org"}, path.name


def patch(name: str = "North", **more) -> MapPatch:
    return MapPatch(
        **(
            {
                "plan": "p1",
                "rev": 7,
                "slots": np.array([0, -1, 1], dtype=np.int16),
                "territories": [{"code": 0, "name": name, "rep": name, "locked": False, "color": "#E69F00"}],
                "active": 0,
                "locked": [np.int64(2)],
                "strays": [(np.int64(1), 2)],
                "ack": ("s1", 3),
            }
            | more
        )
    )


def script_of(group) -> str:
    made = base_map("county-1.json", ("DE",))
    return _get_feature_group_string(group, map=made)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_plan_reaches_the_map_as_data_only(payload):
    points = {"lat": [1.0], "lon": [2.0], "r": [1.2], "text": [payload]}
    told = {"version": payload, "measure": payload, "values": [payload], "accounts": ["1"], "points": points}
    script = script_of(patch_group(patch(payload, data=told, readonly=payload, fly={"nonce": payload, "units": [1]})))
    found = re.search(r"TerrMap\.sync\((JSON\.parse\(\".*\"\))\);", script)
    assert found
    value = parsed(found.group(1))
    assert value["territories"][0]["name"] == payload
    assert value["data"] == told
    assert value["readonly"] == payload
    assert (value["rev"], value["ack"], value["locked"], value["strays"]) == (7, ["s1", 3], [2], [[1, 2]])
    assert decode(value["assign"]) == [0, 4095, 1]
    rest = script.replace(found.group(1), "")
    assert payload not in rest
    assert "alert" not in rest


def test_a_preview_is_sent_as_pairs():
    script = script_of(patch_group(patch(preview=[(np.int64(3), np.int16(1))])))
    value = parsed(re.search(r"sync\((JSON.*)\);", script).group(1))
    assert value["preview"] == [[3, 1]]


def balance_frame(n: int, spread: float = 5.0) -> pd.DataFrame:
    off = np.linspace(spread, -spread, n)
    return pd.DataFrame(
        {
            "code": range(n),
            "territory": [f"Territory {i} {PAYLOADS[i % len(PAYLOADS)]}" for i in range(n)],
            "load_pct": 100 + off,
            "deviation_pct": off,
            "color": [colors.color(i) for i in range(n)],
            "load_text": "$1",
            "target_text": "$1",
            "label": [text.percent(v, signed=True) for v in off],
            "before_pct": [math.nan if i % 2 else 90.0 for i in range(n)],
            "inside": [abs(v) <= 5 for v in off],
        }
    )


@pytest.mark.parametrize("n", [0, 1, 2, 60])
@pytest.mark.parametrize("spread", [0.0, 5.0, 400.0])
def test_the_balance_chart_is_made_without_a_warning(n, spread):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = charts.balance(balance_frame(n, spread), measure="Potential", low=95, high=105).to_dict()
    rows = next(iter(d for d in made["datasets"].values() if n == 0 or "territory" in d[0]), []) if n else []
    assert len(rows) == n
    assert made["height"] == {"step": 24}


@pytest.mark.parametrize("n", [0, 1, 60])
@pytest.mark.parametrize("spread", [0.0, 5.0, 400.0])
def test_the_balance_chart_made_from_a_pattern_is_the_one_altair_makes(n, spread):
    frame = balance_frame(n, spread)
    with alt.theme.enable("none"):
        whole = charts.balance(frame, measure="Potential", low=95.0, high=105.0).to_dict()
    made = charts.balance_spec(frame, measure="Potential", low=95.0, high=105.0)
    name = next(k for k in made["datasets"] if k.startswith("territories-"))
    assert made["datasets"].pop(name) is frame
    old = whole["layer"][0]["data"]["name"]
    rows = whole["datasets"].pop(old)
    assert len(rows) == n
    assert made["datasets"] == whole["datasets"]
    want = json.loads(json.dumps(whole["layer"]).replace(old, name))
    for layer in (*want, *made["layer"]):
        layer.pop("name", None)  # Altair numbers them
    assert made["layer"] == want
    assert made["config"] == whole["config"]
    again = charts.balance_spec(frame.assign(load_pct=1.0), measure="Potential", low=95.0, high=105.0)
    assert n == 0 or name not in again["datasets"]


def test_the_money_bar_is_made_without_a_warning():
    for values in ([], [1.0], [3.0, 2.0, 1.0, 0.5]):
        fates = ["Accepted", "Lost", "Excluded", "Rejected"][: len(values)]
        frame = pd.DataFrame(
            {"fate": fates, "value": values, "text": ["$1"] * len(values), "color": ["#000000"] * len(values)}
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made = charts.money_bar(frame)
        assert isinstance(made, alt.Chart)
        assert made.to_dict()["mark"]["type"] == "bar"


def test_charts_load_nothing_from_elsewhere():
    made = json.dumps(charts.balance(balance_frame(3), measure="Potential", low=95, high=105).to_dict())
    assert set(re.findall(r"https?://([^/\"]+)", made)) <= {"vega.github.io"}, "only the schema's name"


@pytest.mark.parametrize(
    "measure", ["image", "title", "a.b [x] \"y\": 'z'", "datum['x']", "![i](http://img.example/a.png)"]
)
def test_a_measure_s_name_is_only_a_name_in_the_tooltip(measure):
    made = charts.balance_spec(balance_frame(2), measure=measure, low=95.0, high=105.0)
    rows = {t["field"]: t["title"] for t in made["layer"][0]["encoding"]["tooltip"]}
    assert rows["load_text"].strip("\u2060") == measure
    assert rows["load_text"] not in {"image", "title"}, "the tooltip would draw a picture or a heading"


def test_charts_take_their_fields_by_names_of_their_own():
    """Brackets, dots, colons and quotes mean something in a field's name and in an expression: neither is people's."""
    for path in (mapview.STATIC.parent / "terr" / "view").glob("*.py"):
        for call in (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if name in {"X", "Y", "X2", "Y2", "Color", "Tooltip", "Text", "Size", "Order", "condition"}:
                assert isinstance(call.args[0], ast.Constant), f"{path.name}:{call.lineno}"
            if name == "encode":
                plain = [k.value for k in call.keywords if isinstance(k.value, ast.JoinedStr | ast.BinOp)]
                assert not plain, f"{path.name}:{call.lineno}"
            if name in {"transform_filter", "transform_calculate"}:
                texts = [*call.args, *(k.value for k in call.keywords)]
                names = {n.id for t in texts for n in ast.walk(t) if isinstance(n, ast.Name)}
                assert names <= {"odd"}, f"{path.name}:{call.lineno}"


def test_colours_repeat_after_the_palette():
    assert colors.color(0) == colors.color(12) == "#E69E6C"
    assert len({colors.color(i) for i in range(12)}) == 12


@pytest.mark.parametrize(
    ("value", "currency", "said"),
    [
        (1_250_000, "USD", "$1.25M"),
        (12_500_000, "USD", "$12.5M"),
        (125_000_000, "USD", "$125M"),
        (2_500_000_000, "EUR", "€2.5B"),
        (41_230, "", "41,230"),
        (41_230, "USD", "$41K"),
        (9_999, "USD", "$9,999"),
        (99.5, "", "99.5"),
        (99, "", "99"),
        (0, "USD", "$0"),
        (-1_500_000, "USD", "-$1.5M"),
        (1_200_000, "USD", "$1.2M"),
        (100_000_000, "USD", "$100M"),
        (1_000, "CHF", "CHF 1,000"),
        (math.nan, "USD", "–"),
        (999_999.7, "USD", "$1M"),
        (999_999_999, "USD", "$1B"),
        (9_999_999, "USD", "$10M"),
    ],
)
def test_short_amounts(value, currency, said):
    assert text.short(value, currency) == said


@pytest.mark.parametrize(
    ("value", "digits", "signed", "said"),
    [
        (4.06, 1, False, "4.1%"),
        (4.06, 1, True, "+4.1%"),
        (-4.06, 1, True, "−4.1%"),
        (5.0, 0, False, "5%"),
        (-0.04, 1, True, "+0.0%"),
        (-0.04, 1, False, "0.0%"),
        (math.nan, 1, True, "–"),
        (math.inf, 1, False, "–"),
    ],
)
def test_percents(value, digits, signed, said):
    assert text.percent(value, digits, signed=signed) == said


@pytest.mark.parametrize(
    ("km", "miles", "said"),
    [
        (160.9344, True, "100 miles"),
        (160.9344, False, "161 km"),
        (1.609344, True, "1 mile"),
        (2.4, True, "1.5 miles"),
        (0.0, True, "0 miles"),
        (2000.0, True, "1,243 miles"),
    ],
)
def test_distances_are_miles_unless_kilometers_are_chosen(km, miles, said):
    assert text.distance_text(km, miles=miles) == said


def test_areas_dates_and_times():
    assert text.area_text(259) == "100 square miles"
    assert text.area_text(25.9, miles=False) == "26 km²"
    assert text.area_text(0.001) == "less than 0.01 square miles"
    assert text.date_text(date(2026, 11, 3)) == "Nov 3, 2026"
    assert [text.time_text(datetime(2026, 11, 3, h, 5, tzinfo=UTC)) for h in (0, 9, 12, 14)] == [
        "12:05 AM",
        "9:05 AM",
        "12:05 PM",
        "2:05 PM",
    ]


def test_numbers_counts_and_lists():
    assert text.number(1_234_567.8) == "1,234,568"
    assert text.number(1.25, 1) == "1.2"
    assert text.number(math.nan) == "–"
    assert text.count(1, "county", "counties") == "1 county"
    assert text.count(3_120, "account") == "3,120 accounts"
    assert text.count(0, "row") == "0 rows"
    assert [text.unit_noun("county", n) for n in (1, 2)] == ["county", "counties"]
    assert [text.unit_noun("state", n) for n in (1, 2)] == ["state", "states"]
    assert [text.unit_noun("zip-2020", n) for n in (1, 2)] == ["ZIP", "ZIPs"]
    assert [text.unit_noun(v) for v in ("zip", "zip3", "own-0123456789ab", "")] == ["ZIPs", "ZIP3s", "areas", "units"]
    assert [text.units_title(v) for v in ("zip", "county", "own-0123456789ab")] == ["ZIPs", "Counties", "Areas"]
    assert text.and_list([]) == ""
    assert text.and_list(["a"]) == "a"
    assert text.and_list(["a", "b", "c"]) == "a, b and c"
    assert text.and_list(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more"


def test_markdown_is_taken_literally():
    said = text.markdown("**a** [x](http://y) <b> $1$ :smile: `c` #h\nnext ~~d~~ | e")
    for mark in "*[](<>$:`#~|":
        assert not re.search(rf"(?<!\\){re.escape(mark)}", said), mark
    assert "\n" not in said
    assert text.markdown("Fort Worth, TX") == "Fort Worth, TX"


def test_sentences():
    assert text.sentence("a unit is locked") == "A unit is locked."
    assert text.sentence("Done!") == "Done!"
    assert text.sentence(" ") == ""


def _seen_by(rgb: np.ndarray) -> list[np.ndarray]:
    """Linear RGB as seen normally and with protanopia, deuteranopia, tritanopia (Machado et al. 2009, severity 1)."""
    kinds = (
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    )
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return [linear, *(np.clip(linear @ np.array(m).T, 0, 1) for m in kinds)]


def _lab(linear: np.ndarray) -> np.ndarray:
    """CIELAB of linear RGB under D65."""
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    t = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def test_any_two_colors_of_the_map_differ_for_every_kind_of_color_vision() -> None:
    rgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colors.TERRITORY_COLORS])
    assert len(set(colors.TERRITORY_COLORS)) == len(set(colors.COLOR_NAMES)) == len(rgb) == PALETTE
    for seen in _seen_by(rgb):
        lab = _lab(seen)
        apart = np.linalg.norm(lab[:, None] - lab[None], axis=2)[np.triu_indices(len(lab), 1)]
        assert apart.min() >= 20


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (5.04, 5, "5.04%"),
        (5.0004, 5, "5.0004%"),
        (4.97, 4.96, "5.0%"),
        (4.94, 4.94, "4.9%"),
        (4.96, 4.97, "4.96%"),
        (5.0, 5, "5.0%"),
        (100 * 0.29, 29, "29.0%"),
        (29, 100 * 0.29, "29.0%"),
        (20.5, 5, "20.5%"),
        (4.06, 5, "4.1%"),
        (-5.02, 5, "−5.02%"),
    ],
)
def test_a_percentage_stays_on_its_side_of_the_limit(value: float, limit: float, shown: str) -> None:
    assert text.percent(value, limit=limit) == shown


@given(st.floats(0, 200), st.sampled_from([0.1, 1, 2.5, 5, 7.5, 29, 100]), st.integers(0, 2))
@examples(200)
def test_no_rounded_percentage_contradicts_its_limit(value: float, limit: float, digits: int) -> None:
    told = float(text.percent(value, digits, limit=limit).removesuffix("%").replace(",", ""))
    if abs(value - limit) > 1e-4:
        assert (told <= limit) == (value <= limit)


def test_choices_of_one_name_are_told_apart() -> None:
    """A chooser tells its choices apart by their text alone: the second of two alike could never be chosen."""
    assert text.distinct({1: "Q3", 2: "Q4"}) == {1: "Q3", 2: "Q4"}
    assert text.distinct({1: "Q3", 2: "Q3", 3: "Q3"}) == {1: "Q3", 2: "Q3 (2)", 3: "Q3 (3)"}
    assert text.distinct({1: "Q3", 2: "Q3", 3: "Q3 (2)"}) == {1: "Q3", 2: "Q3 (3)", 3: "Q3 (2)"}


def test_a_sweep_shows_three_figures_by_number_of_territories() -> None:
    rows = [
        {"number": n, "territories": k, "limit_pct": limit, "limit_text": f"{limit:g}%", "seed": 1, "inside": k < 9}
        for n, (k, limit) in enumerate([(8, 3.0), (8, 10.0), (9, 3.0)], start=1)
    ]
    figures = dict.fromkeys(("deviation_pct", "shape", "moved_pct"), 1.0)
    texts = dict.fromkeys(("deviation_text", "shape_text", "moved_text"), "1")
    chart = charts.sweep(pd.DataFrame([r | figures | texts for r in rows]), measure="Revenue", chosen=2).to_dict()
    titles = [p["encoding"]["y"]["title"] for p in chart["vconcat"]]
    assert titles == ["Max deviation, %", "Compactness", "% of Revenue moved"]
    assert chart["vconcat"][0]["encoding"]["color"]["sort"] == ["3%", "10%"]
    drawn = chart["datasets"][chart["data"]["name"]] if "data" in chart else next(iter(chart["datasets"].values()))
    assert [r["size"] for r in drawn] == [60, 200, 60]


def test_a_sentence_keeps_the_name_of_a_file() -> None:
    assert text.sentence("accounts.csv is empty") == "accounts.csv is empty."
    assert text.sentence("stopped; nothing was kept") == "Stopped; nothing was kept."
    assert text.sentence("") == ""
