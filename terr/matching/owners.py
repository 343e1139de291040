"""Who has the accounts today: the owner column, spellings joined, matched to the roster, doubts as few questions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from terr.model.accounts import Accounts
from terr.model.reps import Rep

ALIKE = 88.0
"""Names at least so much alike (0 to 100) may be one person's."""
_MOST_ASKED = 8
_HOUSE = re.compile(
    r"\b(house|queue|unassigned|unowned|open|vacant|vacancy|tbd|tbh|tba|n/?a|none|nobody|no owner|pool|round robin|"
    r"admin|administrator|integration|api|system|salesforce|hubspot|default|placeholder|inbound|marketing)\b",
    re.IGNORECASE,
)
_GONE = re.compile(r"[\[(]?\b(inactive|deactivated|former|terminated|departed|left|ex)\b[\])-]?", re.IGNORECASE)


@dataclass(frozen=True)
class OwnerQuestion:
    """Something about the owners that a person may know better.

    Attributes:
        key: of its answer; text: for a person; choices: answer -> what it means, the usual one first.
    """

    key: str
    text: str
    choices: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Owners:
    """The owners of all accounts.

    Attributes:
        names: of the owners, those with most accounts first; reps: their ids in the roster, "" if they aren't there.
        codes: int32 (n_accounts,), position in `names`, -1 = nobody's. Read-only.
        questions: what was decided by default or by an answer.
    """

    names: tuple[str, ...]
    reps: tuple[str, ...]
    codes: NDArray[np.int32]
    questions: tuple[OwnerQuestion, ...] = ()


def owners_of(accounts: Accounts, reps: Sequence[Rep], answers: Mapping[str, str] | None = None) -> Owners:
    """The owner column as people.

    An owner is matched to the roster by id or by name; spellings that differ only in case, marks or the order of names
    are one person. Asked about, with a usual answer: names that are nearly alike, house accounts and queues, and owners
    who aren't in the roster (they left, or are missing there).

    Args:
        accounts: n accounts.
        reps: the roster; empty = nobody is missing from it.
        answers: of questions, by key; what isn't answered is as usual.
    """
    said = answers or {}
    texts = accounts.frame["owner"].astype(str).str.strip()
    row_codes, words = pd.factorize(texts)
    counts = np.bincount(row_codes, minlength=len(words))
    order = [int(i) for i in np.argsort(-counts, kind="stable") if str(words[i])]
    known = _roster(reps)
    person: dict[int, str] = {}  # position of a spelling -> key of who it is
    names: dict[str, str] = {}
    rep_ids: dict[str, str] = {}
    total: dict[str, int] = {}
    for i in order:
        word = str(words[i])
        rep = known.get(word.casefold()) or known.get(name_key(word))
        key = f"rep {rep.rep_id}" if rep is not None else name_key(word) or word.casefold()
        names.setdefault(key, rep.name if rep is not None else word)
        rep_ids.setdefault(key, rep.rep_id if rep is not None else "")
        person[i] = key
        total[key] = total.get(key, 0) + int(counts[i])
    for rep in reps:  # a name may be nearly that of a rep who has no account yet
        key = f"rep {rep.rep_id}"
        names.setdefault(key, rep.name), rep_ids.setdefault(key, rep.rep_id), total.setdefault(key, 0)
    questions: list[OwnerQuestion] = []
    becomes = _alike(names, rep_ids, total, said, questions)
    house = [k for k in names if k not in becomes and not rep_ids[k] and _HOUSE.search(names[k])]
    if (
        house
        and _ask(
            questions,
            said,
            "house",
            f"{_some(house, names, total)} look like house accounts or queues.",
            {"none": "Count their accounts as nobody's", "own": "Keep each as a territory of its own"},
        )
        == "none"
    ):
        becomes |= dict.fromkeys(house, "")
    lost = [
        k for k in names if k not in becomes and not rep_ids[k] and k not in house and (reps or _GONE.search(names[k]))
    ]
    if (
        lost
        and _ask(
            questions,
            said,
            "missing",
            f"{_some(lost, names, total)} are not in the roster (left, or missing there).",
            {"own": "Keep each as a territory without a rep", "none": "Count their accounts as nobody's"},
        )
        == "none"
    ):
        becomes |= dict.fromkeys(lost, "")
    final = {key: becomes.get(key, key) for key in names}
    sums: dict[str, int] = {}
    for key, to in final.items():
        if to and total[key]:
            sums[to] = sums.get(to, 0) + total[key]
    kept = sorted(sums, key=lambda k: -sums[k])
    at = {key: j for j, key in enumerate(kept)}
    of_word = np.array([at.get(final[person[i]], -1) if i in person else -1 for i in range(len(words))], dtype=np.int32)
    codes = of_word[row_codes] if len(words) else np.full(len(texts), -1, dtype=np.int32)
    codes.setflags(write=False)
    return Owners(tuple(names[k] for k in kept), tuple(rep_ids[k] for k in kept), codes, tuple(questions))


def name_key(text: str) -> str:
    """A person's name without case, marks, accents, "(inactive)" and the order of its words."""
    plain = unicodedata.normalize("NFKD", _GONE.sub(" ", text)).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c)).split("@")[0]
    return " ".join(sorted(re.findall(r"\w+", plain.replace("_", " "))))


def _roster(reps: Sequence[Rep]) -> dict[str, Rep]:
    """Ids and unique names, as keys of their reps."""
    by_name: dict[str, list[Rep]] = {}
    for rep in reps:
        by_name.setdefault(name_key(rep.name), []).append(rep)
    return {k: v[0] for k, v in by_name.items() if k and len(v) == 1} | {r.rep_id.casefold(): r for r in reps}


def _alike(
    names: Mapping[str, str],
    rep_ids: Mapping[str, str],
    total: Mapping[str, int],
    said: Mapping[str, str],
    questions: list[OwnerQuestion],
) -> dict[str, str]:
    """Key of a spelling -> key of the person it is, for names nearly like one on the roster or with more accounts."""
    becomes: dict[str, str] = {}
    bare = {k: name_key(n) for k, n in names.items()}
    for key in names:
        if rep_ids[key] or _HOUSE.search(names[key]) or len(questions) >= _MOST_ASKED:
            continue
        others = [k for k in names if k != key and k not in becomes and (rep_ids[k] or total[k] > total[key])]
        found = process.extractOne(bare[key], [bare[k] for k in others], scorer=fuzz.ratio, score_cutoff=ALIKE)
        if found is None:
            continue
        other = others[found[2]]
        text = f"“{names[key]}” ({_accounts(total[key])}) and “{names[other]}” are nearly the same name."
        if _ask(questions, said, f"same {bare[key]}", text, {"yes": "One person", "no": "Two people"}) == "yes":
            becomes[key] = other
    return becomes


def _ask(
    questions: list[OwnerQuestion], said: Mapping[str, str], key: str, text: str, choices: Mapping[str, str]
) -> str:
    questions.append(OwnerQuestion(key, text, choices))
    answer = said.get(key, "")
    return answer if answer in choices else next(iter(choices))


def _some(keys: Sequence[str], names: Mapping[str, str], total: Mapping[str, int]) -> str:
    told = [f"{names[k]} ({_accounts(total[k])})" for k in keys[:5]]
    return ", ".join(told) + (f" and {len(keys) - 5:,} more" if len(keys) > 5 else "")


def _accounts(n: int) -> str:
    return f"{n:,} account{'' if n == 1 else 's'}"
