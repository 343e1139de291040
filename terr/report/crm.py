"""Files that go back into a CRM: who covers which account, in the columns its import asks for.

Salesforce: `ObjectTerritory2Association` (ObjectId, Territory2Id, AssociationCause) and owner updates (Id, OwnerId).
Second roles: `AccountTeamMember` (AccountId, UserId, TeamMemberRole), one row for each account and role.
HubSpot: companies by Record ID with their owner. Only ids of the CRM's own shape are written, so no cell of a user's
text reaches these files; every account that is left out is counted with its reason.
Dynamics 365: accounts by their GUID with their territory's name, and with their owner; its import finds both by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.units import UNASSIGNED, Units
from terr.report.safe import is_formula

FILES = (
    "salesforce-territories.csv",
    "salesforce-owners.csv",
    "hubspot-owners.csv",
    "dynamics-territories.csv",
    "dynamics-owners.csv",
)
TEAM = "salesforce-team.csv"
"""Of second roles; see `team_file`."""
COLUMNS = MappingProxyType(
    {
        FILES[0]: ("ObjectId", "Territory2Id", "AssociationCause"),
        FILES[1]: ("Id", "OwnerId"),
        FILES[2]: ("Record ID", "Company owner"),
        TEAM: ("AccountId", "UserId", "TeamMemberRole"),
        FILES[3]: ("Account", "Territory"),
        FILES[4]: ("Account", "Owner"),
    }
)
CAUSE = "Territory2Manual"
"""How Salesforce names an association that was made by hand or by a load, not by its own rules."""

_SALESFORCE = r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?"
_TERRITORY = re.compile(r"0MI[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
_USER = re.compile(r"005[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
_RECORD = r"\d{1,20}"
_NUMBERED = r"0\d{1,13}"
"""An id that begins with a zero: a number of one's own, so that no number of that column is HubSpot's."""
_GUID = r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?"
_SHAPES = MappingProxyType(
    {
        FILES[0]: (_SALESFORCE, "Salesforce"),
        FILES[1]: (_SALESFORCE, "Salesforce"),
        FILES[2]: (_RECORD, "HubSpot"),
        FILES[3]: (_GUID, "Dynamics 365"),
        FILES[4]: (_GUID, "Dynamics 365"),
    }
)
"""Kind -> the form of an account's id, and whose it is."""
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, eq=False)
class CrmFile:
    """One file for a CRM.

    Attributes:
        kind: one of `FILES`, or `TEAM`.
        frame: text columns `COLUMNS[kind]`, one row for each account that is written, in the order of the accounts.
        left_out: reason in words -> number of accounts; with the rows of `frame` they add up to all accounts, in the
            file of account teams to all accounts for each role.
    """

    kind: str
    frame: pd.DataFrame
    left_out: Mapping[str, int]

    def csv(self) -> bytes:
        """UTF-8, commas, CRLF; no byte-order mark, which Salesforce's loader takes for part of the first name."""
        text: str = self.frame.to_csv(index=False, lineterminator="\r\n")
        return text.encode("utf-8")


def systems(accounts: Accounts) -> tuple[str, ...]:
    """The CRMs whose ids some of the accounts have, of "Salesforce", "HubSpot" and "Dynamics 365"."""
    ids = accounts.frame["account_id"].astype(str)
    number = ids.str.fullmatch(_RECORD) & ~ids.str.fullmatch(_NUMBERED).any()
    salesforce = ids.str.fullmatch(_SALESFORCE) & (~number | ids.str.startswith("001"))
    found = {
        "Salesforce": salesforce,
        "HubSpot": number & ~salesforce,
        "Dynamics 365": ids.str.fullmatch(_GUID),
    }
    return tuple(name for name, has in found.items() if has.any())


def territory_id(text: str) -> str:
    """A Salesforce id of a territory, checked.

    Raises:
        InputError: if it isn't one.
    """
    clean = text.strip()
    if not _TERRITORY.fullmatch(clean):
        raise InputError(
            f'"{clean[:30]}" is not a Salesforce territory ID; it begins with 0MI and has 15 or 18 characters'
        )
    return clean


def crm_file(
    kind: str,
    accounts: Accounts,
    units: Units,
    plan: Plan,
    reps: Iterable[Rep],
    *,
    territory_ids: Mapping[int, str] | None = None,
    codes: NDArray[np.int64] | None = None,
) -> CrmFile:
    """The rows of one of `FILES` for the plan as it is.

    Args:
        kind: which file.
        accounts: the accounts, by the CRM's own ids.
        units: the units.
        plan: the plan.
        reps: the roster; `rep_id` is the CRM's user id (Salesforce) or e-mail (HubSpot).
        territory_ids: code of a territory -> Salesforce's id of it, for the first kind.
        codes: (n_accounts,) territory of each account, if it is known; by default by its unit.

    Raises:
        InputError: for another kind, or an id of a territory that isn't one.
        PlanError: if the plan was made on other map areas.
    """
    if kind not in FILES:
        raise InputError(f'"{kind}" is not a CRM file; choose {", ".join(FILES)}')
    frame = accounts.frame
    ids = frame["account_id"].astype(str)
    code = np.asarray(account_codes(accounts, units, plan) if codes is None else codes, dtype=np.int64)
    reason = np.full(len(frame), "", dtype=object)
    reason[code == UNASSIGNED] = "not in a territory"
    shape, whose = _SHAPES[kind]
    valid = ids.str.fullmatch(shape).to_numpy(dtype=bool)
    if shape == _RECORD and ids.str.fullmatch(_NUMBERED).any():
        valid[:] = False
    _say(reason, ~valid, f"no valid {whose} ID")
    if kind == FILES[0]:
        known = {c: territory_id(text) for c, text in (territory_ids or {}).items() if text.strip()}
        goal = _each(code, known, frame.index)
        _say(reason, (goal == "").to_numpy(), "its territory has no Salesforce ID yet")
    elif kind == FILES[3]:
        goal = _each(code, _unique_territories(plan), frame.index)
        _say(reason, (goal == "").to_numpy(), "its territory's name isn't unique or can't be written")
    else:
        owners, why = _owners(kind, plan, tuple(reps))
        goal, told = _each(code, owners, frame.index), _each(code, why, frame.index)
        for text in dict.fromkeys(why.values()):
            _say(reason, told.eq(text).to_numpy(dtype=bool), text)
        names = _each(code, _names(plan, tuple(reps)), frame.index)
        owner = frame["owner"].astype(str).str.strip()
        same = owner.eq(goal) | (owner.ne("") & owner.str.casefold().eq(names.str.casefold()))
        _say(reason, same.to_numpy(dtype=bool), "its owner is already correct")
    keep = reason == ""
    columns = {COLUMNS[kind][0]: ids[keep], COLUMNS[kind][1]: goal[keep]}
    if kind == FILES[0]:
        columns["AssociationCause"] = pd.Series(CAUSE, index=ids[keep].index)
    left = pd.Series(reason[~keep], dtype=object).value_counts()
    return CrmFile(
        kind,
        pd.DataFrame(columns, columns=list(COLUMNS[kind])).reset_index(drop=True),
        MappingProxyType({str(k): int(n) for k, n in left.items()}),
    )


def team_file(accounts: Accounts, roles: Sequence[tuple[str, NDArray[np.object_], NDArray[np.bool_]]]) -> CrmFile:
    """Who works on each account in second roles, as members of Salesforce's account teams.

    Args:
        accounts: n accounts, by Salesforce's own ids.
        roles: name of each role, its rep of each account (rep_id, "" = none; object, n), and which accounts it covers
            (bool, n).
    """
    ids = accounts.frame["account_id"].astype(str)
    valid = ids.str.fullmatch(_SALESFORCE).to_numpy(dtype=bool)
    parts, left = [], dict[str, int]()
    for role, people, covered in roles:
        who = pd.Series(people, index=ids.index, dtype=str)
        reason = np.full(len(ids), "", dtype=object)
        _say(reason, ~covered, f"not covered by {role}")
        _say(reason, ~valid, "no valid Salesforce ID")
        _say(reason, (who == "").to_numpy(dtype=bool), f"no {role} yet")
        _say(
            reason,
            ~who.str.fullmatch(_USER).to_numpy(dtype=bool),
            f"its {role}'s ID is not a Salesforce user ID (005...)",
        )
        if is_formula(role):
            _say(reason, np.ones(len(ids), dtype=bool), "the role's name begins like a formula")
        keep = reason == ""
        parts.append(pd.DataFrame({"AccountId": ids[keep], "UserId": who[keep], "TeamMemberRole": role}))
        for why, n in pd.Series(reason[~keep], dtype=object).value_counts().items():
            left[str(why)] = left.get(str(why), 0) + int(n)
    columns = list(COLUMNS[TEAM])
    frame = pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)
    return CrmFile(TEAM, frame, MappingProxyType(left))


def _each(code: NDArray[np.int64], words: Mapping[int, str], index: pd.Index) -> pd.Series:
    """The word of each account's territory, "" without one."""
    return pd.Series([words.get(c, "") for c in code.tolist()], index=index, dtype=str)


def _say(reason: NDArray[np.object_], at: NDArray[np.bool_], text: str) -> None:
    reason[at & (reason == "")] = text


def _owners(kind: str, plan: Plan, reps: tuple[Rep, ...]) -> tuple[dict[int, str], dict[int, str]]:
    """Code -> owner as the CRM's import takes it, and code -> why there is none."""
    roster = {r.rep_id: r for r in reps}
    often: dict[str, int] = {}
    for r in reps:
        often[r.name.casefold()] = often.get(r.name.casefold(), 0) + 1
    owners: dict[int, str] = {}
    why: dict[int, str] = {}
    for t in plan.territories:
        rep = roster.get(t.rep)
        if rep is None:
            why[t.code] = "its territory has no rep"
            continue
        if kind == FILES[1]:
            if _USER.fullmatch(rep.rep_id):
                owners[t.code] = rep.rep_id
            else:
                why[t.code] = "its rep's ID is not a Salesforce user ID (005...)"
            continue
        mail = rep.rep_id if _MAIL.fullmatch(rep.rep_id) and not is_formula(rep.rep_id) else ""
        alone = often[rep.name.casefold()] == 1 and not is_formula(rep.name)
        name = rep.name.strip() if alone else ""
        # Dynamics looks for an owner's full name unless told otherwise, HubSpot for the email
        if best := (name or mail) if kind == FILES[4] else (mail or name):
            owners[t.code] = best
        else:
            why[t.code] = "its rep has no email and no unique name"
    return owners, why


def _unique_territories(plan: Plan) -> dict[int, str]:
    """Code -> name of the territories that can be found by it."""
    names = [t.name.strip().casefold() for t in plan.territories]
    return {
        t.code: t.name.strip()
        for t, name in zip(plan.territories, names, strict=True)
        if name and names.count(name) == 1 and not is_formula(t.name)
    }


def _names(plan: Plan, reps: tuple[Rep, ...]) -> dict[int, str]:
    """Code -> its rep's name, if nobody else on the roster bears it."""
    names = [r.name.casefold() for r in reps]
    roster = {r.rep_id: r.name.strip() for r in reps if names.count(r.name.casefold()) == 1}
    return {t.code: roster[t.rep] for t in plan.territories if t.rep in roster}
