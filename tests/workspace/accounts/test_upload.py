"""The gate's use cases: asked once, answered as last time; mended, refused, put back, and all of it taken back."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError, StoppedError
from terr.workspace import Workspace
from terr.workspace.accounts import dataset, review, upload
from terr.workspace.accounts.import_settings import ImportSettings
from tests.helpers.effort import examples
from tests.helpers.following import followed
from tests.helpers.intakes import book_bytes, csv_bytes

HEAD = ("Account ID", "Name", "ZIP", "State", "Revenue")
ROWS = (
    ("A-1", "Alpha", "02116", "MA", "$1,000"),
    ("A-2", "Beta", "2139", "MA", "$2,000"),
    ("A-3", "Gamma", "99999", "", "$300"),
    ("A-4", "Delta", "78701", "TX", "oops"),
    ("A-5", "=Eps", "78701", "TX", "12%"),
    ("", "Total", "", "", "$3,300"),
)
"""In: A-1, A-2 (a padded ZIP), A-3 (not located): 3,300. Rejected: rows 5 and 6. Excluded: a total."""


def opened(ws: Workspace, data: bytes | None = None, name: str = "crm.csv") -> upload.UploadDraft:
    return upload.open_file(ws, csv_bytes([HEAD, *ROWS]) if data is None else data, name)


def kept(ws: Workspace) -> dataset.Dataset:
    return upload.import_file(ws, opened(ws))


def files(tmp_path: Path) -> dict[Path, bytes]:
    """What the workspace keeps beside its database."""
    kept = (p for folder in (tmp_path / "terr").iterdir() if folder.is_dir() for p in folder.rglob("*") if p.is_file())
    return {p: p.read_bytes() for p in kept}


def figures(ws: Workspace, data: dataset.Dataset) -> tuple[int, int, int, float]:
    """Rows in, rejected, not located; money in."""
    taken = dataset.ledger_of(ws, data.info.id)
    return (
        taken.ledger.rows_accepted,
        taken.ledger.rows_rejected,
        taken.located["unlocated"],
        dataset.dataset(ws, data.info.id).accounts.total("Revenue"),
    )


def restarted(ws: Workspace) -> Workspace:
    """The same folder in a process that knows nothing yet."""
    return Workspace(ws.root)


def test_findings_come_by_kind_with_their_money_and_what_needs_a_person_first(ws):
    data = kept(ws)
    found = review.findings(ws, data.info.id, "Revenue")
    assert [(g.code, g.fate, g.rows, g.money, g.unknown) for g in found.groups] == [
        ("unlocated", "unlocated", 1, 300.0, 0),
        ("not_a_number", "rejected", 1, 0.0, 1),
        ("percent", "rejected", 1, 0.0, 1),
        ("total_row", "excluded", 1, 3300.0, 0),
    ]
    assert [g.needs for g in found.groups] == [True, True, True, False]
    rows = review.rows_to_fix(dataset.ledger_of(ws, data.info.id), found)
    assert rows["Row"].tolist() == [4, 5, 6]
    assert rows["Revenue"].tolist() == ["$300", "oops", "12%"]
    assert "99999" in rows["Issue"][0]
    both = review.rows_to_fix(dataset.ledger_of(ws, data.info.id), found, excluded=True)
    assert both["Row"].tolist() == [4, 5, 6, 7]


def test_a_mended_cell_moves_the_totals_and_is_taken_back(ws):
    data = kept(ws)
    assert figures(ws, data) == (3, 2, 1, 3300.0)
    before = dataset.ledger_of(ws, data.info.id)
    after = review.fix_cells(ws, data.info.id, [(5, "Revenue", "500"), (4, "ZIP", "02139")])
    assert figures(ws, data) == (4, 1, 0, 3800.0)
    assert review.between(before, after, "Revenue") == review.CorrectionEffect(1, 500.0, -2)
    review.fix_cells(ws, data.info.id, [(6, "Revenue", "70")])
    assert figures(ws, data) == (5, 0, 0, 3870.0)
    steps = ImportSettings.of(ws.store.datasets.get(data.info.id).mapping).steps
    assert [s.cells for s in steps] == [
        ((5, "Revenue", "oops", "500"), (4, "ZIP", "99999", "02139")),
        ((6, "Revenue", "12%", "70"),),
    ]
    review.undo_correction(ws, data.info.id, steps[0].id)
    assert figures(ws, data) == (4, 1, 1, 3370.0)
    review.undo_correction(ws, data.info.id, steps[1].id)
    assert figures(ws, data) == (3, 2, 1, 3300.0)


def test_mends_and_refusals_are_there_after_a_restart_from_the_table_or_from_the_file(ws):
    data = kept(ws)
    review.fix_cells(ws, data.info.id, [(5, "Revenue", "500")])
    review.refuse(ws, data.info.id, "padded_zip:ZIP", True)
    assert figures(ws, data) == (4, 1, 2, 3800.0), "A-2 has lost its ZIP's zero and isn't placed"
    again = restarted(ws)
    assert dataset.dataset(again, data.info.id).accounts.total("Revenue") == 3800.0
    assert figures(again, data) == (4, 1, 2, 3800.0)
    again.close()
    (ws.root / "accounts" / f"{data.info.id}.parquet").unlink()
    third = restarted(ws)
    assert dataset.dataset(third, data.info.id).accounts.total("Revenue") == 3800.0
    assert (ws.root / "accounts" / f"{data.info.id}.parquet").exists()
    third.close()


def test_a_table_of_another_reading_is_made_again(ws):
    data = kept(ws)
    old = ws.store.files.read_frame(data.info.id)
    review.fix_cells(ws, data.info.id, [(5, "Revenue", "500")])
    ws.store.files.write_frame(data.info.id, old)  # as if Terr had been ended between two writes
    again = restarted(ws)
    assert dataset.dataset(again, data.info.id).accounts.total("Revenue") == 3800.0
    again.close()


def test_a_change_seen_in_one_process_is_seen_in_another(ws):
    data = kept(ws)
    other = restarted(ws)
    assert dataset.dataset(other, data.info.id).accounts.total("Revenue") == 3300.0
    review.fix_cells(ws, data.info.id, [(5, "Revenue", "500")])
    assert dataset.dataset(other, data.info.id).accounts.total("Revenue") == 3800.0
    review.fix_cells(other, data.info.id, [(6, "Revenue", "1")])
    assert figures(ws, data) == (5, 0, 1, 3801.0), "neither change is lost"
    other.close()


def test_two_changes_at_once_both_hold(ws, monkeypatch):
    data = kept(ws)
    other = restarted(ws)
    real = dataset.intake
    done = []

    def meanwhile(*args, **kwargs):
        if not done:
            done.append(True)
            monkeypatch.setattr(dataset, "intake", real)
            review.fix_cells(other, data.info.id, [(6, "Revenue", "70")])
        return real(*args, **kwargs)

    monkeypatch.setattr(dataset, "intake", meanwhile)
    review.fix_cells(ws, data.info.id, [(5, "Revenue", "500")])
    assert figures(ws, data) == (5, 0, 1, 3870.0)
    other.close()


def test_a_refused_repair_can_be_let_again(ws):
    data = kept(ws)
    review.refuse(ws, data.info.id, "padded_zip:ZIP", True)
    told = {r.code: r.refused for r in dataset.ledger_of(ws, data.info.id).ledger.repairs}
    assert told["padded_zip"] is True
    review.refuse(ws, data.info.id, "padded_zip:ZIP", False)
    assert figures(ws, data) == (3, 2, 1, 3300.0)


def test_a_refusal_that_leaves_no_figure_is_told_and_changes_nothing(ws):
    data = upload.import_file(ws, opened(ws, csv_bytes([HEAD, ROWS[0], ROWS[1]])))
    with pytest.raises(InputError):
        review.fix_cells(ws, data.info.id, [(99, "Revenue", "1")])
    with pytest.raises(InputError):
        review.fix_cells(ws, data.info.id, [(2, "Nothing", "1")])
    assert figures(ws, data) == (2, 0, 0, 3000.0)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_rows_to_mend_go_out_in_their_own_layout_and_come_back_mended(ws, kind):
    data = kept(ws)
    taken = dataset.ledger_of(ws, data.info.id)
    if kind == "csv":
        frame = pd.read_csv(io.BytesIO(review.rejects_csv(taken)), dtype=str, keep_default_na=False)
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(review.rejects_xlsx(taken))).active
        rows = [[str(c.value or "") for c in r] for r in sheet.iter_rows()]
        assert all(c.data_type != "f" for r in sheet.iter_rows() for c in r), "no cell is a formula"
        frame = pd.DataFrame(rows[1:], columns=rows[0])
    assert list(frame.columns) == [*HEAD, "Row", "Status", "Reason"]
    assert frame["Row"].tolist() == ["4", "5", "6", "7"]
    assert frame["Status"].tolist() == ["unlocated", "rejected", "rejected", "excluded"]
    assert frame["Name"][2] == ("'=Eps" if kind == "csv" else "=Eps")
    frame.loc[0, "ZIP"] = "02139"
    frame.loc[1, "Revenue"] = "500"
    mended = (
        frame.to_csv(index=False).encode()
        if kind == "csv"
        else book_bytes({"To fix": [list(frame.columns), *frame.to_numpy().tolist()]})
    )
    _, back = upload.import_rejects(ws, data.info.id, mended, f"mended.{kind}")
    assert back == upload.ReturnedRejects(rows=4, replaced=2, same=2, added=0, now_in=2, still=1)
    assert figures(ws, data) == (4, 1, 0, 3800.0)
    names = dataset.ledger_of(ws, data.info.id).raw.rows["Name"]
    assert names[4] == "=Eps", "the sign that kept a spreadsheet from running it is off again"
    step = ImportSettings.of(ws.store.datasets.get(data.info.id).mapping).steps[0]
    again = restarted(ws)
    assert figures(again, data) == (4, 1, 0, 3800.0)
    again.close()
    review.undo_correction(ws, data.info.id, step.id)
    assert figures(ws, data) == (3, 2, 1, 3300.0)


def test_mended_rows_are_known_when_they_come_in_at_the_front_door(ws):
    data = kept(ws)
    draft = opened(ws, review.rejects_csv(dataset.ledger_of(ws, data.info.id)), "rows-to-fix.csv")
    assert upload.owner_of_rejects(ws, draft) == data.info.id
    assert upload.owner_of_rejects(ws, opened(ws)) == ""


def test_a_file_that_is_no_rejects_of_this_one_changes_nothing(ws):
    data = kept(ws)
    with pytest.raises(InputError, match="layout"):
        upload.import_rejects(ws, data.info.id, b"a,b\n1,2\n", "other.csv")
    assert ImportSettings.of(ws.store.datasets.get(data.info.id).mapping).steps == ()


def test_mended_rows_on_their_way_back_are_stopped_and_nothing_is_kept(ws, tmp_path):
    data = kept(ws)
    mended = review.rejects_csv(dataset.ledger_of(ws, data.info.id)).replace(b"oops", b"500")
    there = files(tmp_path)
    count = 0
    while True:
        progress, heard = followed(stop_after=count)
        try:
            upload.import_rejects(ws, data.info.id, mended, "mended.csv", progress=progress)
        except StoppedError:
            assert files(tmp_path) == there, "no file is left"
            assert ImportSettings.of(ws.store.datasets.get(data.info.id).mapping).steps == ()
        else:
            break
        count += 1
    assert count == len(heard) > 10
    assert figures(ws, data) == (4, 1, 1, 3800.0)


UNCLEAR = csv_bytes([HEAD, ("A-1", "Alpha", "02116", "MA", "1.234"), ("A-2", "Beta", "02139", "MA", "2.500")])


def test_what_is_unclear_is_asked_once_and_answered_as_last_time(ws):
    draft = opened(ws, UNCLEAR)
    assert [q.code for q in draft.open] == ["decimal"]
    assert [(c.value, dict(c.money)) for c in draft.open[0].choices] == [
        (".", {"Revenue": pytest.approx(3.734)}),
        (",", {"Revenue": 3734.0}),
    ]
    with pytest.raises(InputError, match="Answer this first"):
        upload.import_file(ws, draft)
    answered = upload.answer_question(draft, "decimal:Revenue", ",")
    assert answered.open == ()
    data = upload.import_file(ws, answered)
    assert data.accounts.total("Revenue") == 3734.0
    again = restarted(ws)
    second = upload.open_file(again, UNCLEAR + b'"A-3","Gamma","02139","MA","9.000"\r\n', "next.csv")
    assert second.open == ()
    assert second.as_last_time == {"decimal:Revenue"}
    assert second.last is not None
    assert second.last.name == "crm.csv"
    assert upload.import_file(again, second).accounts.total("Revenue") == 12734.0
    changed = upload.reopen_question(second, "decimal:Revenue")
    assert [q.code for q in changed.open] == ["decimal"]
    other = upload.answer_question(changed, "decimal:Revenue", ".")
    assert other.as_last_time == frozenset()
    assert upload.import_file(again, other).accounts.total("Revenue") == pytest.approx(12.734)
    again.close()


def test_measures_keep_the_order_of_the_file(ws):
    rows = [(*HEAD[:4], "Zeta", "Alpha"), ("A-1", "A", "02116", "MA", "1", "2"), ("A-2", "B", "02116", "MA", "3", "4")]
    data = upload.import_file(ws, opened(ws, csv_bytes(rows)))
    assert data.accounts.measures == ("Zeta", "Alpha", "Number of accounts")
    again = restarted(ws)
    assert dataset.ledger_of(again, data.info.id).accounts.measures == ("Zeta", "Alpha")
    review.fix_cells(again, data.info.id, [(2, "Zeta", "5")])
    assert dataset.dataset(again, data.info.id).accounts.figures == ("Zeta", "Alpha")
    assert list(again.store.datasets.get(data.info.id).summary["measures"]) == ["Zeta", "Alpha"]
    again.close()


def test_another_layout_is_asked_anew(ws):
    upload.import_file(ws, upload.answer_question(opened(ws, UNCLEAR), "decimal:Revenue", ","))
    other = UNCLEAR.replace(b'"State"', b'"Billing State"')
    assert [q.code for q in opened(ws, other).open] == ["decimal"]


def test_suggested_answers_are_those_taken_without_an_answer(ws):
    draft = upload.suggested(opened(ws, UNCLEAR))
    assert dict(draft.answers) == {"decimal:Revenue": "."}


def test_columns_chosen_by_hand_are_remembered_for_the_layout(ws):
    from terr.ingest import ColumnMap

    draft = opened(ws, csv_bytes([(*HEAD, "Visits"), (*ROWS[0], "4"), (*ROWS[1], "5")]))
    assert set(draft.columns.measures) == {"Revenue", "Visits"}
    fewer = upload.with_columns(draft, ColumnMap(draft.columns.fields, {"Revenue": "Revenue"}), {"Revenue": "USD"})
    upload.import_file(ws, fewer)
    again = opened(ws, csv_bytes([(*HEAD, "Visits"), (*ROWS[0], "6"), (*ROWS[1], "7")]))
    assert set(again.columns.measures) == {"Revenue"}
    assert dict(again.money) == {"Revenue": "USD"}


def test_a_question_about_a_column_that_is_no_measure_any_more_is_dropped(ws):
    from terr.ingest import ColumnMap

    draft = upload.answer_question(opened(ws, UNCLEAR), "decimal:Revenue", ",")
    none = upload.with_columns(draft, ColumnMap(draft.columns.fields), {})
    assert none.asked == ()
    assert dict(none.answers) == {}


TWO = {
    "EMEA": [HEAD, ("E-1", "Alpha", "02116", "MA", "5"), ("E-2", "Beta", "02139", "MA", "6")],
    "Americas": [HEAD, ("M-1", "Gamma", "78701", "TX", "7"), ("M-2", "Delta", "78702", "TX", "8")],
}


def test_several_sheets_are_chosen_from_and_the_choice_is_remembered(ws):
    draft = opened(ws, book_bytes(TWO), "two.xlsx")
    assert [q.code for q in draft.open] == ["sheet"]
    chosen = upload.answer_question(draft, "sheet:", "Americas")
    assert chosen.open == ()
    assert chosen.raw.sheet == "Americas"
    data = upload.import_file(ws, chosen)
    assert data.accounts.total("Revenue") == 15.0
    later = opened(ws, book_bytes({**TWO, "Americas": [*TWO["Americas"], ("M-3", "Z", "78702", "TX", "1")]}), "q2.xlsx")
    assert (later.open, later.raw.sheet) == ((), "Americas")
    assert later.as_last_time == {"sheet:"}
    again = restarted(ws)
    assert figures(again, data)[3] == 15.0
    again.close()
    gone = opened(ws, book_bytes({"EMEA": TWO["EMEA"]}), "q3.xlsx")
    assert gone.raw.sheet == "EMEA"


def test_another_header_row_is_read_by_hand(ws):
    data = csv_bytes([("Name", "ZIP", "Id", "State", "Zip"), HEAD, ROWS[0], ROWS[1]])
    draft = opened(ws, data)
    second = upload.answer_question(draft, "header_row:", "2")
    assert second.raw.columns == HEAD
    assert upload.import_file(ws, upload.suggested(second)).accounts.total("Revenue") == 3000.0


def test_a_file_on_its_way_in_is_stopped_and_nothing_is_kept(ws, tmp_path):
    draft = opened(ws)
    progress, steps = followed()
    upload.import_file(Workspace(tmp_path / "other"), draft, progress=progress)
    for count in range(len(steps)):
        progress, heard = followed(stop_after=count)
        with pytest.raises(StoppedError):
            upload.import_file(ws, draft, progress=progress)
        assert len(heard) == count, "the next step hears it"
    with pytest.raises(StoppedError):
        upload.open_file(ws, csv_bytes([HEAD, *ROWS]), "crm.csv", progress=followed(stop_after=0)[0])
    assert ws.store.datasets.all() == ()
    assert not files(tmp_path), "no file is left"


def test_progress_rises_to_the_end(ws):
    progress, opening = followed()
    draft = upload.open_file(ws, csv_bytes([HEAD, *ROWS]), "crm.csv", progress=progress)
    progress, taking = followed()
    upload.import_file(ws, draft, progress=progress)
    for told in (opening, taking):
        shares = [now.fraction for now in told]
        assert shares == sorted(shares)
        assert len(set(shares)) > 5, "it moves all the way"
        assert 0.9 <= shares[-1] <= 1


def test_a_data_set_of_an_earlier_version_opens_and_is_mended(ws):
    data = kept(ws)
    old = {k: data.info.mapping[k] for k in ("fields", "measures", "decimal", "sheet", "money")}
    ws.store.datasets.update(data.info.id, mapping=old)
    ws.store.files.write_frame(data.info.id, ws.store.files.read_frame(data.info.id).copy())
    again = restarted(ws)
    assert dataset.dataset(again, data.info.id).accounts.total("Revenue") == 3300.0
    review.fix_cells(again, data.info.id, [(5, "Revenue", "500")])
    assert figures(again, data) == (4, 1, 1, 3800.0)
    again.close()


CELLS = st.lists(
    # one figure stays as it is: a column that has none left is refused
    st.tuples(
        st.integers(2, 7), st.sampled_from(HEAD), st.sampled_from(["", "7", "02139", "TX", "x", "=1", "A-1"])
    ).filter(lambda cell: cell[:2] != (2, "Revenue")),
    min_size=1,
    max_size=4,
)


@examples(25)
@given(st.lists(CELLS, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_any_mends_taken_back_in_any_order_leave_what_was_there(tmp_path_factory, mends, random):
    ws = Workspace(tmp_path_factory.mktemp("mends"))
    data = kept(ws)
    first = dataset.dataset(ws, data.info.id).accounts.frame
    for cells in mends:
        taken = review.fix_cells(ws, data.info.id, cells)
        ledger = taken.ledger
        assert ledger.rows_in == ledger.rows_accepted + ledger.rows_excluded + ledger.rows_rejected == 6
    ids = [s.id for s in ImportSettings.of(ws.store.datasets.get(data.info.id).mapping).steps]
    random.shuffle(ids)
    for i in ids:
        review.undo_correction(ws, data.info.id, i)
    pd.testing.assert_frame_equal(dataset.dataset(ws, data.info.id).accounts.frame, first)
    ws.close()
