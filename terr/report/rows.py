"""A table as an Excel sheet of text, to be mended and loaded again. No cell of it is a formula or a link."""

from __future__ import annotations

import io

import pandas as pd

from terr.errors import InputError

_EXCEL_ROWS = 1_048_576
_LONGEST = 32_767


def table_xlsx(frame: pd.DataFrame, sheet: str = "Sheet1") -> bytes:
    """The frame with its header in bold and the columns wide enough to read.

    Args:
        frame: any; every cell is written as the text it is, so a ZIP keeps its zeros.
        sheet: its name, one that Excel takes.

    Raises:
        InputError: if there are more rows than an Excel sheet has.
    """
    import xlsxwriter

    if len(frame) >= _EXCEL_ROWS:
        raise InputError(f"an Excel sheet holds {_EXCEL_ROWS - 1:,} rows and there are more; download the CSV instead")
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        page = book.add_worksheet(sheet)
        bold = book.add_format({"bold": True})
        page.freeze_panes(1, 0)
        for at, name in enumerate(frame.columns):
            cells = [str(v) for v in frame.iloc[:, at].tolist()]
            page.write_string(0, at, str(name)[:_LONGEST], bold)
            for row, cell in enumerate(cells, start=1):
                if cell:
                    page.write_string(row, at, cell[:_LONGEST])
            wide = max((len(c) for c in (str(name), *cells[:200])), default=8)
            page.set_column(at, at, min(60, max(8, wide + 2)))
    return out.getvalue()
