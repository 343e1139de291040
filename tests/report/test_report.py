"""Files that leave the program: complete, harmless, and readable by what opens them."""

from __future__ import annotations

import csv
import io
import json
import re

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from terr.aggregate import plan_totals
from terr.errors import InputError, PlanError
from terr.model.plan import Territory
from terr.model.reps import Rep
from terr.model.units import Units
from terr.report.accounts import STATUSES, accounts_csv, accounts_table, accounts_xlsx, totals_table
from terr.report.geo import dissolve, territories_geojson
from terr.report.plan import plan_csv, read_plan_csv
from terr.report.safe import is_formula, safe_cell, safe_field, safe_sheet_name
from tests.helpers.effort import examples
from tests.helpers.grids import grid_units, make_accounts, make_plan

UNITS = grid_units(4, 4)
REPS = (Rep("R0", "Ann"), Rep("R1", "Bo"))
SPLIT = [0] * 8 + [1] * 8
PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\x00@", "\u200b=")
OWN_FORMULA = re.compile(
    r"=(?:SUM\((?:Accounts!)?\$?[A-Z]+\$?\d+:\$?[A-Z]+\$?\d+\)|ROWS\(Accounts![$A-Z\d:]+\)|ROUND\([A-Z]2-SUM\([A-Z]3:[A-Z]6\),2\)"
    r"|COUNTIF\(Accounts![$A-Z\d:]+,\"[a-z ]+\"\)|SUMIF\(Accounts![$A-Z\d:]+,\"[a-z ]+\",Accounts![$A-Z\d:]+\))"
)
PAYLOADS = tuple(p + "cmd|' /C calc'!A0" for p in PREFIXES)


def loads_of(accounts, plan) -> pd.DataFrame:
    """The table per territory as the workspace gives it."""
    rows = accounts_table(accounts, UNITS, plan, REPS)
    out = []
    for t in plan.territories:
        mine = rows[rows["territory"] == t.name]
        fact = {"code": t.code, "name": t.name, "rep": t.rep}
        fact |= {"units": int((plan.assign == t.code).sum()), "accounts": len(mine)}
        for m in accounts.measures:
            target = max(accounts.total(m) / len(plan.territories), 1.0)
            load = mine[m].sum()
            fact |= {f"load_{m}": load, f"target_{m}": target, f"deviation_{m}": load / target - 1}
        out.append(fact)
    return pd.DataFrame(out)


def records(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def mixed():
    """Five accounts, one of each fate (two assigned), and the plan that makes it so."""
    accounts = make_accounts(
        ["00001", "00002", "00016", "99999", ""],
        attributes={"Segment": ["a", "b", "c", "d", "e"], "Territory": ["old"] * 5},
        revenue=[100.0, -5.0, 30.25, np.nan, 7.0],
        visits=[1, 2, 3, 4, 5],
    )
    return accounts, make_plan(UNITS, [0, 1] + [-1] * 14)


# ---------------------------------------------------------------------------------------------- safe text


@pytest.mark.parametrize("text", PAYLOADS)
def test_formulas_are_neutralised(text):
    assert safe_cell(text) == "'" + text
    assert not is_formula(safe_cell(text))
    assert safe_cell(safe_cell(text)) == safe_cell(text)


@pytest.mark.parametrize(
    "text", ["", "-5", "+5", "-1250000.50", "-1e6", "02139", "Acme = best", "O'Neil", " plain", "a-b"]
)
def test_harmless_text_is_left_alone(text):
    assert safe_cell(text) == text


def test_minus_is_no_excuse_for_a_formula():
    assert safe_cell("-5+cmd") == "'-5+cmd"
    assert safe_cell("-٥") == "'-٥"  # digits of another script are no plain number


def test_text_cut_at_another_separator_stays_harmless():
    assert safe_field("x;=1+1") == "x;'=1+1"
    assert safe_field("x\r\n @y") == "x\r\n' @y"
    assert safe_field("first; second") == "first; second"


@examples(200)
@given(st.text(max_size=12))
def test_safe_text_never_begins_a_formula(text):
    out = safe_field(text)
    first = out.lstrip()[:1]
    assert first not in set("=@＝＠")
    assert out.replace("'", "") == text.replace("'", "")
    assert safe_cell(safe_cell(text)) == safe_cell(text)


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("=cmd", "_=cmd"),
        ("a/b:c", "a b c"),
        ("'quoted'", "quoted"),
        ("", "Sheet"),
        ("x" * 40, "x" * 31),
        ("History", "History (2)"),
        ("＠x", "_＠x"),
    ],
)
def test_sheet_names(name, want):
    assert safe_sheet_name(name) == want


def test_sheet_names_do_not_repeat():
    assert safe_sheet_name("totals", ["Totals", "totals (2)"]) == "totals (3)"
    assert safe_sheet_name("y" * 31, ["Y" * 31]) == "y" * 27 + " (2)"


# ---------------------------------------------------------------------------------------------- accounts


def test_accounts_table_by_hand():
    accounts, plan = mixed()
    table = accounts_table(accounts, UNITS, plan, REPS)
    assert list(table.columns) == [
        *("account_id", "name", "owner", "territory", "rep", "rep_id", "unit_id", "unit", "state", "zip", "city"),
        *("revenue", "visits", "status", "located_by", "located_note", "source_row", "Segment", "Territory (file)"),
    ]
    assert table["status"].tolist() == ["assigned", "assigned", "unassigned", "outside the region", "unlocated"]
    assert table["territory"].tolist() == ["North", "South", "", "", ""]
    assert table["rep"].tolist() == ["Ann", "Bo", "", "", ""]
    assert table["rep_id"].tolist() == ["R0", "R1", "", "", ""]
    assert table["unit_id"].tolist() == ["00001", "00002", "00016", "", ""]
    assert table["unit"].tolist()[2:] == ["Square 00016, NE", "", ""]
    assert table["revenue"].sum() == accounts.total("revenue")


def test_rep_who_is_not_on_the_roster_keeps_the_id():
    accounts, plan = mixed()
    table = accounts_table(accounts, UNITS, plan, ())
    assert table["rep"].tolist() == [""] * 5
    assert table["rep_id"].tolist()[:2] == ["R0", "R1"]


def test_no_accounts_and_no_territories():
    accounts, plan = make_accounts([], revenue=[]), make_plan(UNITS, [-1] * 16, names=())
    assert accounts_table(accounts, UNITS, plan, REPS).empty
    assert records(accounts_csv(accounts, UNITS, plan, REPS)) == []
    table = pd.DataFrame({"code": [], "name": [], "rep": []})
    assert (
        openpyxl.load_workbook(io.BytesIO(accounts_xlsx(accounts, UNITS, plan, REPS, table)))["Accounts"].max_row == 1
    )


def test_csv_keeps_zeros_and_numbers():
    accounts, plan = mixed()
    data = accounts_csv(accounts, UNITS, plan, REPS)
    assert data.startswith(b"\xef\xbb\xbfaccount_id,")
    got = records(data)
    assert [r["zip"] for r in got] == ["02139", "02140", "02141", "02142", "02143"]
    assert [r["unit_id"] for r in got][:2] == ["00001", "00002"]
    assert [r["revenue"] for r in got] == ["100.0", "-5.0", "30.25", "", "7.0"]
    assert [r["visits"] for r in got] == ["1", "2", "3", "4", "5"]
    back = pd.read_csv(io.BytesIO(data), dtype={"zip": str, "unit_id": str})
    assert back["revenue"].sum() == accounts.total("revenue")


def hostile():
    """Every payload as a name, as a header of a measure and of a column, and as a territory's name."""
    n = len(PAYLOADS)
    accounts = make_accounts(
        ["00001"] * n,
        attributes={p: list(PAYLOADS) for p in PAYLOADS} | {"note": [f"ok;{p}" for p in PAYLOADS]},
        **{"=sum": np.full(n, -5.0)},
    )
    accounts.frame["name"] = list(PAYLOADS)
    return accounts, make_plan(UNITS, [0] * 16, names=PAYLOADS[:1])


def test_csv_holds_no_formula():
    accounts, plan = hostile()
    rows = list(csv.reader(io.StringIO(accounts_csv(accounts, UNITS, plan, REPS).decode("utf-8-sig"), newline="")))
    assert len(rows) == 15
    at = rows[0].index("'=sum")
    assert {row[at] for row in rows[1:]} == {"-5"}
    for row in rows:
        for j, cell in enumerate(row):
            assert (j == at and cell == "-5") or not is_formula(cell)
            assert ";=" not in cell


def test_xlsx_holds_no_formula_and_all_text():
    accounts, plan = hostile()
    book = openpyxl.load_workbook(io.BytesIO(accounts_xlsx(accounts, UNITS, plan, REPS, loads_of(accounts, plan))))
    for sheet in book:
        for cell in (c for row in sheet.iter_rows() for c in row):
            assert cell.data_type in ("s", "n", "f"), (sheet.title, cell.coordinate)
            if cell.data_type == "f":  # sums below the territories, and the totals; all of them the file's own
                assert OWN_FORMULA.fullmatch(cell.value), (sheet.title, cell.coordinate, cell.value)
                continue
            if isinstance(cell.value, str) and is_formula(cell.value):
                assert cell.quotePrefix, cell.coordinate
    sheet = book["Accounts"]
    header = [c.value for c in sheet[1]]
    assert [unescape(sheet.cell(i + 2, 2).value) for i in range(14)] == list(PAYLOADS)
    money = sheet.cell(2, header.index("=sum") + 1)
    assert (money.data_type, money.value) == ("n", -5)


def test_xlsx_is_ready_to_use():
    accounts, plan = mixed()
    book = openpyxl.load_workbook(io.BytesIO(accounts_xlsx(accounts, UNITS, plan, REPS, loads_of(accounts, plan))))
    assert book.sheetnames == ["Accounts", "Territories", "Totals"]
    sheet = book["Accounts"]
    header = [c.value for c in sheet[1]]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:S6"
    zip_code, revenue = sheet.cell(2, header.index("zip") + 1), sheet.cell(2, header.index("revenue") + 1)
    assert (zip_code.value, zip_code.data_type, zip_code.number_format) == ("02139", "s", "@")
    assert (revenue.value, revenue.data_type, revenue.number_format) == (100, "n", "#,##0.00")
    assert sheet.cell(2, header.index("visits") + 1).number_format == "#,##0"
    assert sheet.cell(5, header.index("revenue") + 1).value is None
    territories = [[c.value for c in row] for row in book["Territories"].iter_rows()]
    assert territories[0][:7] == [
        *("territory", "rep", "accounts", "counties"),
        *("revenue", "revenue target", "revenue deviation"),
    ]
    assert territories[1][:5] == ["North", "R0", 1, 1, 100]
    assert book["Territories"]["G2"].number_format == "+0.0%;-0.0%;0.0%"


def test_only_deviations_are_percent():
    accounts = make_accounts(["00001"], **{"price deviation": [12.5]})
    plan = make_plan(UNITS, SPLIT)
    book = openpyxl.load_workbook(io.BytesIO(accounts_xlsx(accounts, UNITS, plan, REPS, loads_of(accounts, plan))))
    assert [c.number_format for c in book["Accounts"][2] if c.value == 12.5] == ["#,##0.00"]
    assert [c.number_format for c in book["Territories"][2]][-3:] == ["#,##0.00", "#,##0.00", "+0.0%;-0.0%;0.0%"]


def test_totals_in_the_file_are_the_plans_totals():
    accounts, plan = mixed()
    made = accounts_xlsx(accounts, UNITS, plan, REPS, loads_of(accounts, plan))
    formulas = openpyxl.load_workbook(io.BytesIO(made))["Totals"]
    assert [c.value for c in formulas[3]][1:] == [
        '=COUNTIF(Accounts!$L$2:$L$6,"assigned")'.replace("$L", f"${status}")
        if j == 0
        else f'=SUMIF(Accounts!${status}$2:${status}$6,"assigned",Accounts!${"LM"[j - 1]}$2:${"LM"[j - 1]}$6)'
        for status in [formulas["B3"].value.split("$")[1]]
        for j in range(3)
    ]
    book = openpyxl.load_workbook(io.BytesIO(made), data_only=True)
    rows = {row[0].value: [c.value for c in row[1:]] for row in book["Totals"].iter_rows(min_row=2)}
    assert rows == {
        "accepted": [5, 132.25, 15],
        "assigned": [2, 95, 3],
        "unassigned": [1, 30.25, 3],
        "outside the region": [1, 0, 4],
        "unlocated": [1, 7, 5],
        "difference": [0, 0, 0],
    }


def test_very_long_text_is_cut_in_excel_only():
    accounts = make_accounts(["00001"], attributes={"note": ["n" * 40_000]}, revenue=[1])
    plan = make_plan(UNITS, SPLIT)
    book = openpyxl.load_workbook(io.BytesIO(accounts_xlsx(accounts, UNITS, plan, REPS, loads_of(accounts, plan))))
    cell = next(c for c in book["Accounts"][2] if str(c.value).startswith("nnn"))
    assert len(cell.value) == 32_767
    assert cell.value.endswith("…")
    assert len(records(accounts_csv(accounts, UNITS, plan, REPS))[0]["note"]) == 40_000


PLACES = st.sampled_from(["", "00001", "00005", "00016", "99999"])
MONEY = st.one_of(st.just(np.nan), st.floats(-1e9, 1e9, allow_nan=False, allow_subnormal=False))


@examples(60)
@given(st.lists(st.tuples(PLACES, MONEY), max_size=25), st.lists(st.integers(-1, 1), min_size=16, max_size=16))
def test_files_lose_nothing(rows, assign):
    accounts = make_accounts([r[0] for r in rows], revenue=[r[1] for r in rows])
    plan = make_plan(UNITS, assign)
    totals = plan_totals(accounts, UNITS, plan)
    got = records(accounts_csv(accounts, UNITS, plan, REPS))
    assert len(got) == totals.accepted.rows
    parts = (totals.assigned, totals.unassigned, totals.outside, totals.unlocated)
    for status, part in zip(STATUSES, parts, strict=True):
        mine = [float(r["revenue"] or 0) for r in got if r["status"] == status]
        assert len(mine) == part.rows
        assert sum(mine) == pytest.approx(part.loads[0], abs=1e-3)
    assert totals_table(totals)["revenue"].iloc[-1] == 0


# ---------------------------------------------------------------------------------------------- plan files


def test_plan_file_by_hand():
    units = grid_units(1, 3)
    data = plan_csv(make_plan(units, [1, -1, 0]), units)
    assert data == b"unit_id,territory\r\n00001,South\r\n00002,\r\n00003,North\r\n"
    assert read_plan_csv(data, units) == ["South", "", "North"]


def test_plan_file_in_any_order_and_from_a_spreadsheet():
    units = grid_units(1, 3)
    data = "\ufeffUnit_ID; Territory \n00003;Nörd\n\n00001;\n;\n00002; Süd \n".encode()
    assert read_plan_csv(data, units) == ["", "Süd", "Nörd"]


NAMES = st.one_of(
    st.sampled_from([*PAYLOADS, "'=x", "''=x", "'a", "-5", "a,b", 'say "hi"', "a;=1"]), st.text(max_size=20)
)


@examples(150)
@given(st.lists(NAMES.map(str.strip).filter(bool), min_size=3, max_size=3, unique_by=str.casefold))
def test_any_name_comes_back_from_a_plan_file(names):
    units = grid_units(1, 3)
    data = plan_csv(make_plan(units, [0, 1, 2], names=names), units)
    assert read_plan_csv(data, units) == names
    cells = [row[1] for row in csv.reader(io.StringIO(data.decode(), newline=""))]
    assert not any(is_formula(c) for c in cells)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the plan file is empty"),
        (" \n ", "the plan file is empty"),
        ("unit,territory\n1,x\n", 'begins with "unit,territory"; its header must be unit_id,territory'),
        ("unit_id,territory,rep\n", "no others"),
        ("unit_id,territory\n", r"4 of the region's 4 areas are missing \(00001, 00002, 00003, 00004\)"),
        ("unit_id,territory\n00001,A\n00002,A\n00003,A\n", r"1 of the region's 4 areas are missing \(00004\)"),
        ("unit_id,territory\n00001,A\n00002,A\n00003,A\n00004,A\n99,A\n", 'row 6: area "99" isn\'t in this region$'),
        ("unit_id,territory\n1,A\n00002,A\n00003,A\n00004,A\n", "may have dropped the zero of 00001"),
        ("unit_id,territory\n00001,A\n00002,A\n00003,A\n00004,A\n00002,B\n", "in row 3 and again in row 6"),
        ("unit_id,territory\n00001,A\n00002\n00003,A\n00004,A\n", r"row 3 has 1 cell instead of 2"),
        ("unit_id,territory\n00001,A\n00002,a\n00003,A\n00004,A\n", 'row 3: territory "a" is spelled "A" before'),
        ("unit_id,territory\n00001," + "A" * 81 + "\n00002,\n00003,\n00004,\n", "longer than 80 characters"),
        ('unit_id,territory\n00001,"A\n', "quotation mark that isn't closed"),
    ],
)
def test_plan_file_faults(text, message):
    with pytest.raises(InputError, match=message) as caught:
        read_plan_csv(text.encode(), grid_units(2, 2))
    assert "\n" not in str(caught.value)


def test_plan_file_that_is_no_text():
    with pytest.raises(InputError, match=r"isn't UTF-8 text \(line 2\)"):
        read_plan_csv(b"unit_id,territory\n00001,S\xfcd\n", UNITS)
    with pytest.raises(InputError, match="isn't UTF-8"):
        read_plan_csv("unit_id,territory\n".encode("utf-16"), UNITS)
    with pytest.raises(InputError, match="larger than 20 MB"):
        read_plan_csv(b"x" * 20_000_001, UNITS)
    with pytest.raises(InputError, match="more than 200,000 rows"):
        read_plan_csv(b"unit_id,territory" + b"\n" * 19_000_000, UNITS)


def test_plan_file_faults_are_collected_and_few_are_named():
    text = "unit_id,territory\n" + "".join(f"x{i},A\n" for i in range(50))
    with pytest.raises(InputError) as caught:
        read_plan_csv(text.encode(), UNITS)
    message = str(caught.value)
    assert "16 of the region's 16 areas are missing (00001, 00002, 00003, 00004, 00005, ...)" in message
    assert '"x3"' in message
    assert '"x4"' not in message
    assert message.endswith("and 46 more")


@examples(100)
@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda t: b"unit_id,territory\n" + t.encode())))
def test_hostile_plan_files_end_in_one_clear_line(data):
    with pytest.raises(InputError) as caught:
        read_plan_csv(data, UNITS)
    assert len(str(caught.value).splitlines()) == 1


# ---------------------------------------------------------------------------------------------- GeoJSON


def geo(assign, **kwargs):
    accounts = make_accounts(["00001", "00016"], revenue=[100, 300])
    plan = make_plan(UNITS, assign, **kwargs)
    data = territories_geojson(plan, UNITS, loads_of(accounts, plan))
    return json.loads(data), gpd.read_file(io.BytesIO(data))


def test_geojson_opens_in_geopandas_with_the_right_areas():
    raw, frame = geo(SPLIT)
    assert frame.crs.to_epsg() == 4326
    assert frame["territory"].tolist() == ["North", "South"]
    assert frame.is_valid.all()
    area = frame.to_crs(5070).area / 1e6
    want = [UNITS.area_km2[:8].sum(), UNITS.area_km2[8:].sum()]
    assert area.tolist() == pytest.approx(want, rel=1e-6)
    assert frame["load_revenue"].tolist() == [100, 300]
    assert frame["deviation_revenue"].tolist() == [-0.5, 0.5]
    assert frame["units"].tolist() == [8, 8]
    assert frame["accounts"].tolist() == [1, 1]
    assert frame["rep"].tolist() == ["R0", "R1"]
    assert "crs" not in raw  # RFC 7946 knows one system only


def test_geojson_rings_and_decimals():
    ring = [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]  # South is a hole in North
    raw, frame = geo(ring)
    north, south = raw["features"]
    assert north["geometry"]["type"] == south["geometry"]["type"] == "Polygon"
    assert len(north["geometry"]["coordinates"]) == 2
    outer, hole = (shapely.LinearRing(r) for r in north["geometry"]["coordinates"])
    assert outer.is_ccw
    assert not hole.is_ccw
    assert frame.is_valid.all()
    for ring_ in north["geometry"]["coordinates"]:
        assert ring_[0] == ring_[-1]
        assert all(v == round(v, 6) for point in ring_ for v in point)
        assert all(-101 < x < -99 and 39 < y < 41 for x, y in ring_)


def test_geojson_pieces_that_touch_at_a_corner():
    raw, frame = geo([i % 2 if (i // 4) % 2 else 1 - i % 2 for i in range(16)])
    assert raw["features"][0]["geometry"]["type"] == "MultiPolygon"
    assert frame.is_valid.all()
    assert frame.geometry.map(lambda g: len(g.geoms)).tolist() == [8, 8]


def test_geojson_unassigned_units_are_a_feature_only_if_there_are_any():
    _, frame = geo([0] * 4 + [1] * 4 + [-1] * 8)
    assert frame["territory"].tolist() == ["North", "South", "Unassigned"]
    assert frame["units"].tolist() == [4, 4, 8]
    assert np.isnan(frame["load_revenue"].iloc[2])
    assert "Unassigned" not in geo(SPLIT)[1]["territory"].tolist()


def test_geojson_names_territories_without_units():
    raw, frame = geo([0] * 16)
    assert raw["territories_without_units"] == ["South"]
    assert len(frame) == 1
    assert frame.is_valid.all()


def test_geojson_keeps_odd_names_as_text():
    raw, _ = geo([0] * 16, names=['<b>"Ü"</b>\u2028'])
    assert raw["features"][0]["properties"]["territory"] == '<b>"Ü"</b>\u2028'


def test_geojson_needs_every_territory_in_the_table():
    table = pd.DataFrame({"code": [0], "name": ["North"], "rep": ["R0"]})
    with pytest.raises(PlanError, match='territory "South" is not in the table'):
        territories_geojson(make_plan(UNITS, SPLIT), UNITS, table)


def test_dissolve_mends_overlaps_and_bow_ties():
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    shape = dissolve(np.array([bow, shapely.box(0.5, 0, 1.5, 2), None, shapely.Polygon()], dtype=object))
    assert shape.is_valid
    assert shape.area == pytest.approx(3.5, abs=1e-5)  # bow 2 + box 2 - what they share .5
    with pytest.raises(PlanError, match="no area"):
        dissolve(np.array([shapely.Point(0, 0)], dtype=object))


@examples(40)
@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(1e-5, 0.5)), min_size=1, max_size=8))
def test_dissolved_shapes_are_valid_after_rounding(discs):
    areas = np.array([shapely.Point(x, y).buffer(r, quad_segs=5) for x, y, r in discs], dtype=object)
    shape = dissolve(areas)
    again = shapely.from_geojson(shapely.to_geojson(shape))
    assert again.is_valid
    assert shape.area == pytest.approx(shapely.union_all(areas).area, abs=1e-4)
    xy = shapely.get_coordinates(shape)
    assert np.array_equal(xy, np.round(xy, 6))


@pytest.mark.parametrize("write", [plan_csv, lambda p, u: territories_geojson(p, u, pd.DataFrame({"code": []}))])
def test_plan_of_other_units_is_refused(write):
    other: Units = grid_units(2, 2)
    with pytest.raises(PlanError, match="other map areas"):
        write(make_plan(other, [0] * 4), UNITS)


def test_locked_and_gapped_codes_keep_their_names():
    plan = make_plan(UNITS, SPLIT).with_changes(
        assign=np.array([7] * 8 + [90] * 8, dtype=np.int16),
        territories=(Territory(7, "West", "R1", locked=True), Territory(90, "East", "")),
    )
    accounts = make_accounts(["00001", "00016"], revenue=[1, 2])
    table = accounts_table(accounts, UNITS, plan, REPS)
    assert table["territory"].tolist() == ["West", "East"]
    assert table["rep"].tolist() == ["Bo", ""]
    assert set(read_plan_csv(plan_csv(plan, UNITS), UNITS)) == {"West", "East"}
