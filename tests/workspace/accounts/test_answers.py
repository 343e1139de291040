"""Answers to what a file left open are changed after its import, and the accounts follow."""

from __future__ import annotations

import pytest

from terr.errors import InputError
from terr.workspace.accounts import answers, dataset, upload

ORDERS = b"""Opportunity ID,Account ID,Account Name,Billing Zip/Postal Code,Amount
006A1,001A,Alpha,75001,1000
006A2,001A,Alpha,75001,2500
006B1,001B,Beta,75201,3000
"""


def test_an_answer_is_changed_after_the_import(ws) -> None:
    draft = upload.suggested(upload.open_file(ws, ORDERS, "orders.csv"))
    data = upload.import_file(ws, draft)
    assert (len(data.accounts), data.accounts.total("Amount")) == (2, 6500)
    asked, now = answers.asked_at_import(ws, data.info.id)
    (one,) = asked
    assert now == {"rows_per_account:": "add"}
    taken = answers.change_answer(ws, data.info.id, one, "first")
    assert taken.ledger.rows_excluded == 1
    again = dataset.dataset(ws, data.info.id)
    assert (len(again.accounts), again.accounts.total("Amount")) == (2, 4000)
    assert again.version != data.version
    assert answers.asked_at_import(ws, data.info.id)[1] == {"rows_per_account:": "first"}
    answers.change_answer(ws, data.info.id, one, "sites")
    assert len(dataset.dataset(ws, data.info.id).accounts) == 3
    with pytest.raises(InputError, match="is no answer to"):
        answers.change_answer(ws, data.info.id, one, "perhaps")
    assert len(dataset.dataset(ws, data.info.id).accounts) == 3


def test_the_next_file_of_the_layout_is_read_with_the_changed_answer(ws) -> None:
    data = upload.import_file(ws, upload.suggested(upload.open_file(ws, ORDERS, "orders.csv")))
    (one,), _ = answers.asked_at_import(ws, data.info.id)
    answers.change_answer(ws, data.info.id, one, "first")
    draft = upload.open_file(ws, ORDERS + b"006B2,001B,Beta,75201,1\n", "orders2.csv")
    assert draft.answers["rows_per_account:"] == "first"
    assert draft.open == ()


def test_a_text_keeps_the_encoding_that_was_chosen(ws) -> None:
    text = "Account ID,Account Name,ZIP,Revenue\nA1,テスト株式会社,75001,5\nA2,日本,75002,6\n"
    draft = upload.open_file(ws, text.encode("shift_jis"), "a.csv")
    assert [q.key for q in draft.open] == ["encoding:"]
    draft = upload.answer_question(draft, "encoding:", "gb18030")
    draft = upload.reopen_question(draft, "encoding:")
    data = upload.import_file(ws, upload.answer_question(draft, "encoding:", "shift_jis"))
    assert dataset.ledger_of(ws, data.info.id).raw.rows["Account Name"].tolist() == ["テスト株式会社", "日本"]
