"""Who has the accounts: spellings joined, the roster matched, few questions with usual answers."""

from __future__ import annotations

import pandas as pd

from terr.matching.owners import Owners, name_key, owners_of
from terr.model.accounts import CORE, Accounts
from terr.model.reps import Rep

ROSTER = (Rep("U-1", "Ann Poe"), Rep("U-2", "Bob Ray"), Rep("U-3", "Cleo Lee"))


def accounts_of(owners: list[str]) -> Accounts:
    frame = pd.DataFrame(dict.fromkeys(CORE, ""), index=range(len(owners)))
    return Accounts(frame.assign(owner=owners, located_by="unlocated", revenue=1.0), ("revenue",))


def found(*owners: str, reps: tuple[Rep, ...] = ROSTER, **answers: str) -> Owners:
    return owners_of(accounts_of(list(owners)), reps, {k.replace("_", " "): v for k, v in answers.items()})


def names(one: Owners) -> list[str]:
    return [one.names[c] if c >= 0 else "" for c in one.codes.tolist()]


def test_owners_are_matched_to_the_roster_by_id_and_by_name_in_any_spelling() -> None:
    one = found("Ann Poe", "POE, ANN", " ann  poe ", "U-2", "bob.ray@example.com", "Cleo Lée", "")
    assert names(one) == ["Ann Poe"] * 3 + ["Bob Ray"] * 2 + ["Cleo Lee", ""]
    assert dict(zip(one.names, one.reps, strict=True)) == {"Ann Poe": "U-1", "Bob Ray": "U-2", "Cleo Lee": "U-3"}
    assert one.questions == ()


def test_nearly_the_same_name_is_asked_about_and_is_one_person_by_default() -> None:
    one = found("Ann Poe", "Ann Poe", "Anne Poe")
    assert names(one) == ["Ann Poe"] * 3
    (asked,) = one.questions
    assert "nearly the same name" in asked.text
    assert names(owners_of(accounts_of(["Ann Poe", "Ann Poe", "Anne Poe"]), ROSTER, {asked.key: "no"})) == [
        "Ann Poe",
        "Ann Poe",
        "Anne Poe",
    ]


def test_house_accounts_are_nobodys_unless_said_otherwise() -> None:
    given = ("House Account", "West Queue", "Ann Poe")
    assert names(found(*given)) == ["", "", "Ann Poe"]
    assert names(found(*given, house="own")) == ["House Account", "West Queue", "Ann Poe"]
    assert [q.key for q in found(*given).questions] == ["house"]


def test_owners_who_left_or_are_missing_keep_a_territory_without_a_rep() -> None:
    given = ("Zoe Quit (inactive)", "Yan Old", "Ann Poe")
    one = found(*given)
    assert names(one) == ["Zoe Quit (inactive)", "Yan Old", "Ann Poe"]
    assert one.reps[one.names.index("Yan Old")] == ""
    assert [q.key for q in one.questions] == ["missing"]
    assert names(found(*given, missing="none")) == ["", "", "Ann Poe"]
    assert found("Yan Old", reps=()).questions == (), "without a roster nobody is missing from it"


def test_an_empty_column_has_no_owners() -> None:
    one = found("", "")
    assert (one.names, one.codes.tolist()) == ((), [-1, -1])
    assert name_key("Poe, Ann") == name_key("ann POE")
