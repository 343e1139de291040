"""Quotas as a formatted workbook."""

from __future__ import annotations

import io

import pandas as pd


def quota_workbook(frame: pd.DataFrame, title: str, note: str = "") -> bytes:
    """A sheet "Quotas" with a title, a row per territory, money with thousands and a row of sums.

    Args:
        frame: texts and money; no cell becomes a formula or a link but the sums below.
        title: above the table; note: below it.
    """
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        page = book.add_worksheet("Quotas")
        head = book.add_format({"bold": True, "bottom": 1})
        money = book.add_format({"num_format": "#,##0.00"})
        total = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
        page.write_string(0, 0, title[:200], book.add_format({"bold": True, "font_size": 14}))
        page.freeze_panes(3, 0)
        last = 3 + len(frame)
        for c, name in enumerate(frame.columns):
            page.write_string(2, c, str(name), head)
            values = frame[name].tolist()
            figures = pd.api.types.is_numeric_dtype(frame[name])
            for r, value in enumerate(values, start=3):
                if figures:
                    page.write_number(r, c, float(value), money)
                else:
                    page.write_string(r, c, str(value)[:200])
            wide = max([len(str(name)), *(len(f"{v:,.2f}" if figures else str(v)) for v in values)], default=8)
            page.set_column(c, c, min(40, wide + 3))
            if figures:
                page.write_number(last, c, round(float(sum(values)), 2), total)
        page.write_string(last, 0, "Sum", head)
        if note:
            page.write_string(last + 2, 0, note)
    return out.getvalue()
