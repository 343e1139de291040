"""The line between a map and the program: who may use it and for what, over a real socket, at a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from benchmarks.store.postgres import Postgres
from terr.model.person import ROLES, Person
from terr.workspace import Workspace
from terr.workspace.access import roles
from terr.workspace.access.guarded_store import for_person
from terr.workspace.accounts import demo
from terr.workspace.plan import editing
from tests.helpers.oidc import finish, provided, window
from tests.ui.access.test_signin import USER, App, altered, app, running  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow  # a server is started
ANA, BOB = Person("ana@example.com", "Ana"), Person("bob@example.com", "Bob")
LOCK = {"k": "lock", "units": [0], "on": True}


@dataclass
class Team:
    """The running app, its database, and two plans of Ana's."""

    app: App
    ws: Workspace
    sid: str
    other: str

    def person(self, user: str) -> httpx.Client:
        return self.app.signed_in(user)

    def ticket(self, client: httpx.Client, sid: str = "") -> str:
        return window(self.app.url, dict(client.cookies), "plan", f"scenario={sid or self.sid}").ticket


@pytest.fixture(scope="module")
def team(app: App) -> Iterator[Team]:  # noqa: F811
    ws = Workspace(app.home / "data")
    yield plans_of_ana(app, ws)
    ws.close()


def plans_of_ana(app: App, ws: Workspace) -> Team:  # noqa: F811
    ws.sign_in = True
    ana = for_person(ws, ANA)
    data = demo.demo_dataset(ana)
    one, two = (
        editing.create(
            ana, dataset_id=data.info.id, level="state", region="VT,NH,ME", measure=data.accounts.measures[0], name=name
        ).id
        for name in ("One", "Two")
    )
    return Team(app, ws, one, two)


def ask(
    team: Team,
    cookies: Mapping[str, str],
    token: str,
    *events: dict[str, Any],
    origin: str = "",
    sid: str = "",
    before: Any = None,
    name: str = "q~",
) -> list[dict[str, Any]]:
    """What the line answers, up to the answer to the events; [] if it was cut."""

    async def talk() -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
        address = team.app.url.replace("http://", "ws://") + "/app/together"
        async with connect(address, additional_headers=headers, origin=origin or team.app.url, max_size=None) as line:  # type: ignore[arg-type]
            await line.send(json.dumps({"token": token, "view": {}}))
            try:
                while not heard or heard[-1]["t"] not in {"unknown", "people", "plan"}:
                    heard.append(json.loads(await asyncio.wait_for(line.recv(), 15)))
                if before:
                    before()
                numbered = [{**e, "s": name, "n": n, "p": sid or team.sid} for n, e in enumerate(events, 1)]
                await line.send(json.dumps({"t": "edits", "s": name, "events": numbered}))
                while heard[-1]["t"] != "ack":
                    heard.append(json.loads(await asyncio.wait_for(line.recv(), 15)))
            except ConnectionClosed:
                pass
        return heard

    return finish(talk())


def test_strangers_forgers_and_other_sites_get_no_line(team: Team) -> None:
    ana, eve = team.person("ana"), team.person("eve")
    token = team.ticket(ana)
    assert len(token) >= 20
    for cookies in ({}, {USER: "forged"}, {USER: altered(ana, iat=1.0)}, {USER: altered(ana, secret="x" * 40)}):
        with pytest.raises(InvalidStatus) as refused:
            ask(team, cookies, token, LOCK)
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus):
        ask(team, dict(ana.cookies), token, LOCK, origin="https://evil.example")
    before = team.ws.store.changes.latest(team.sid)
    for cookies, ticket in (
        (eve.cookies, token),  # another's ticket
        (ana.cookies, "A" * 32),
        (ana.cookies, token[:-1] + ("A" if token[-1] != "A" else "B")),
        (ana.cookies, ""),
    ):
        assert ask(team, dict(cookies), ticket, LOCK) == [{"t": "unknown"}]
    assert team.ticket(eve) == ""  # a plan that isn't hers gives no ticket
    assert team.ws.store.changes.latest(team.sid) == before


def test_a_ticket_is_for_one_plan(team: Team) -> None:
    ana = team.person("ana")
    token, before = team.ticket(ana), team.ws.store.scenarios.rev(team.other)
    ask(team, dict(ana.cookies), token, LOCK, sid=team.other, name="other~")
    assert team.ws.store.scenarios.rev(team.other) == before


@pytest.mark.parametrize("role", ["", *ROLES])
def test_each_edit_by_each_role_over_the_line(team: Team, role: str) -> None:
    roles.give(team.ws, team.sid, ANA, BOB.user_id, "viewer")
    bob = team.person("bob")
    token = team.ticket(bob)
    roles.give(team.ws, team.sid, ANA, BOB.user_id, role)
    code = team.ws.plan(team.sid)[0].codes[0]
    unit = ROLES.index(role) % 3 if role else 0
    events = {
        "lock": {"k": "lock", "units": [unit], "on": True},
        "undo": {"k": "undo", "rev": 10**6},
        "paint": {"k": "paint", "units": [(unit + 1) % 3], "to": code},
        "propose": {"k": "propose", "units": [(unit + 2) % 3], "codes": [code], "why": "nearer"},
    }
    need = {"lock": "editor", "undo": "editor", "paint": "editor", "propose": "commenter"}
    for what, event in events.items():
        before = team.ws.store.changes.latest(team.sid)
        heard = ask(team, dict(bob.cookies), token, event, name=f"{role or 'none'}-{what}~")
        after = team.ws.store.changes.latest(team.sid)
        if not role:
            assert heard == [{"t": "unknown"}]
        elif ROLES.index(role) < ROLES.index(need[what]):
            assert heard[-1]["t"] == "ack"
            assert heard[-1]["notices"][0].startswith("You can "), what
            assert "ask ana@example.com for the right" in heard[-1]["notices"][0]
            assert after == before, what
        else:
            assert after != before or what == "undo", (what, heard[-1])
            assert not any(n.startswith("You can ") for n in heard[-1]["notices"])
            assert (
                not after[0] > before[0]
                or team.ws.store.changes.since(team.sid, before[0], 0).visits[-1].author == "Bob"
            )


def test_a_line_ends_with_the_role_and_with_the_sign_in(team: Team) -> None:
    roles.give(team.ws, team.sid, ANA, BOB.user_id, "editor")
    bob = team.person("bob")
    token = team.ticket(bob)
    before = team.ws.store.scenarios.rev(team.sid)
    out = lambda: bob.get("/auth/logout")  # noqa: E731
    heard = ask(team, dict(bob.cookies), token, {"k": "paint", "units": [0], "to": 0}, before=out, name="late~")
    assert not heard or heard[-1]["t"] != "ack"
    assert team.ws.store.scenarios.rev(team.sid) == before
    again = team.person("bob")
    gone = lambda: roles.give(team.ws, team.sid, ANA, BOB.user_id, "")  # noqa: E731
    token = team.ticket(again)
    heard = ask(team, dict(again.cookies), token, {"k": "lock", "units": [0], "on": True}, before=gone, name="gone~")
    assert team.ws.store.scenarios.rev(team.sid) == before
    assert not heard or heard[-1]["t"] != "ack" or "isn't found" in heard[-1]["notices"][0]


def test_two_programs_on_one_database_tell_their_windows_of_each_other(postgres: Postgres, tmp_path: Path) -> None:
    """Bob looks by one program while Ana edits by another; then she takes his role, and his line ends."""
    with postgres.database() as address, provided() as provider:
        homes = [tmp_path / name for name in ("one", "two")]
        for home in homes:
            home.mkdir()
        where = {"TERR_DATABASE_URL": address}
        with running(homes[0], provider, **where) as one, running(homes[1], provider, **where) as two:
            ws = Workspace(tmp_path / "own", address)
            mine, his = plans_of_ana(one, ws), Team(two, ws, "", "")
            his.sid = mine.sid
            roles.give(ws, mine.sid, ANA, BOB.user_id, "viewer")
            ana, bob = mine.person("ana"), his.person("bob")
            token = mine.ticket(ana)
            paint = {"k": "paint", "units": [1], "to": 0}

            def act(heard: list[dict[str, Any]]) -> None:
                kinds = [h["t"] for h in heard]
                if kinds[-1] == "people":
                    assert ask(mine, dict(ana.cookies), token, paint)[-1]["t"] == "ack"
                elif heard[-1].get("rev") == 2 and kinds[-1] != "plan":
                    roles.give(ws, mine.sid, ANA, BOB.user_id, "")

            heard = listen(his, dict(bob.cookies), his.ticket(bob), act)
            assert any(h["t"] not in {"plan", "people"} and h.get("rev") == 2 for h in heard)
            assert ws.store.edits.get(mine.sid, 2).author == "Ana"
            ws.close()


def listen(team: Team, cookies: Mapping[str, str], token: str, act: Any) -> list[dict[str, Any]]:
    """What a line hears until it is cut; `act` is told of each message with those before it."""

    async def hear() -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
        address = team.app.url.replace("http://", "ws://") + "/app/together"
        async with connect(address, additional_headers=headers, origin=team.app.url, max_size=None) as line:  # type: ignore[arg-type]
            await line.send(json.dumps({"token": token, "view": {}}))
            first = True
            try:
                while True:
                    heard.append(json.loads(await asyncio.wait_for(line.recv(), 30)))
                    if heard[-1]["t"] != "people" or first:
                        first = first and heard[-1]["t"] != "people"
                        await asyncio.to_thread(act, heard)
            except ConnectionClosed:
                return heard

    return finish(hear())
