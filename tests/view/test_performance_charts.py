"""Charts of the Performance page: what they are drawn from, their titles, and axes that write money."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from terr.view.performance_charts import axis_format, bullets, fan, pipeline, trend
from terr.view.text import money_format


def marks(spec: dict) -> list[str]:
    return [layer["mark"]["type"] for layer in spec["layer"]]


def test_bars_have_a_mark_where_there_is_one() -> None:
    frame = pd.DataFrame(
        {
            "group": ["A", "B"],
            "value": [3.0, 2.0],
            "mark": [4.0, np.nan],
            "value_text": ["3", "2"],
            "mark_text": ["4", "–"],
            "label": ["75%", ""],
        }
    )
    spec = bullets(frame, title="Bookings by group; the mark is quota", mark="Quota", unit="money").to_dict()
    assert marks(spec) == ["bar", "tick", "text"]
    assert spec["layer"][1]["transform"] == [{"filter": "isValid(datum.mark)"}]
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["A", "B"]
    assert " ".join(spec["title"]) == "Bookings by group; the mark is quota"


def test_a_trend_is_small_on_a_shared_scale() -> None:
    frame = pd.DataFrame(
        {"period": ["2025 Q1"], "value": [1.0], "before": [np.nan], "value_text": ["1"], "before_text": ["–"]}
    )
    large = trend(frame, title="All", unit="count").to_dict()
    small = trend(frame, title="A", unit="count", domain=(0.0, 9.0)).to_dict()
    assert "scale" not in large["layer"][1]["encoding"]["y"]
    assert small["layer"][1]["encoding"]["y"]["scale"]["domain"] == [0.0, 9.0]
    assert small["height"] < large["height"]


def test_a_fan_has_two_bands_and_two_lines_and_the_pipeline_two_bars() -> None:
    ends = {key: [1.0, 2.0] for key in ("low80", "high80", "low95", "high95")}
    frame = pd.DataFrame(
        {"period": ["2025 Q1", "2025 Q2"], "actual": [1.0, np.nan], "mean": [1.0, 2.0], **ends, "text": ["1", "2"]}
    )
    spec = fan(frame, title="Orders by quarter", currency="USD").to_dict()
    assert marks(spec) == ["area", "area", "line", "line", "point"]
    assert spec["title"] == "Orders by quarter"
    months = pd.DataFrame(
        {
            "label": ["Overdue", "Aug 2025"],
            "amount": [2.0, 3.0],
            "weighted": [1.0, 1.0],
            "deals": [1, 1],
            "amount_text": ["$2", "$3"],
            "weighted_text": ["$1", "$1"],
        }
    )
    assert marks(pipeline(months, title="Open deals").to_dict()) == ["bar", "bar"]


@pytest.mark.parametrize(
    ("unit", "currency", "sign"),
    [("money", "USD", "$"), ("money", "CHF", ""), ("count", "USD", ""), ("share", "", "%")],
)
def test_axes_write_the_unit(unit: str, currency: str, sign: str) -> None:
    assert sign in axis_format(unit, currency)
    assert ("$" in axis_format(unit, currency)) == (sign == "$")


def test_money_in_a_table_has_its_sign_and_separators() -> None:
    assert money_format("USD") == "$%,.0f"
    assert money_format("EUR", 2) == "€%,.2f"
    assert money_format("CHF") == "%,.0f"
