"""The line of a map: who is let in, what they are told, and how edits come back to the others."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from terr.model.person import Person
from terr.ui.live import redraw_pace
from terr.ui.live import socket as live_socket
from terr.workspace.live import presence
from tests.helpers.spaces import KENT, SUSSEX, more, start


@pytest.fixture
def sid(ws):
    made = start(ws).id
    more(ws, made, ["B"])
    return made


class Client:
    """Sockets to a server of its own."""

    def __init__(self, port):
        self.port = port

    @contextmanager
    def socket(self, origin=None, host=None, user=""):
        home = f"http://localhost:{self.port}"
        headers = {"X-User": user, **({"Host": host} if host else {})}
        with connect(
            f"ws://127.0.0.1:{self.port}/app/together", origin=origin or home, additional_headers=headers, proxy=None
        ) as line:
            yield line


@pytest.fixture(scope="module")
def client():
    inner = Starlette(routes=[WebSocketRoute("/app/together", live_socket.serve_socket)])

    async def app(scope, receive, send):
        """The app behind a door that knows who asks; see `terr.ui.access.request_guard`, whose own tests sign in."""
        asks = dict(scope.get("headers", ())).get(b"x-user", b"").decode()
        await inner({**scope, "terr.person": Person(asks, asks)}, receive, send)

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Client(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    thread.join(10)


def hears(socket, kind):
    """The next message of a kind; others are passed over."""
    while True:
        told = json.loads(socket.recv(timeout=20))
        if told["t"] == kind:
            return told


def paint(sid, n, unit, to, name="a~"):
    return {
        "t": "edits",
        "s": name,
        "events": [
            {"s": name, "n": n, "k": "paint", "p": sid, "rev": 2, "units": [unit], "to": to, "seen": [-1]},
        ],
    }


def test_an_edit_is_confirmed_and_told_to_the_others(ws, sid, client):
    ann = presence.TICKETS.issue(ws, sid, Person("", "Ann"))
    bob = presence.TICKETS.issue(ws, sid, Person("", "Bob"))
    with client.socket() as a, client.socket() as b:
        for socket, ticket in ((a, ann), (b, bob)):
            socket.send(json.dumps({"token": ticket.token, "view": {"to": 0}}))
            plan = hears(socket, "plan")
            assert (plan["rev"], plan["runs"], plan["me"]) == (2, "-1*3", ticket.window)
        a.send(json.dumps(paint(sid, 1, KENT, 1)))
        ack = hears(a, "ack")
        assert (ack["n"], ack["rev"], ack["clashes"], ack["waits"]) == (1, 3, [], "")
        news = hears(b, "news")
        assert (news["rev"], news["units"], news["codes"]) == (3, [KENT], [1])
        b.send(json.dumps(paint(sid, 1, KENT, 0, "b~")))
        (clash,) = hears(b, "ack")["clashes"]
        assert (clash["units"], clash["now"], clash["to"], clash["who"]) == ([KENT], 1, 0, "Ann")
        a.send(json.dumps({"t": "name", "name": "Anna"}))
        while not any(p["name"] == "Anna" for p in hears(b, "people")["people"]):
            pass
        a.send(json.dumps(paint(sid, 2, SUSSEX, 1)))
        hears(b, "news")
    assert [s.author for s in ws.store.edits.history(sid).steps][2:] == ["Ann", "Anna"]
    assert ws.plan(sid)[0].assign.tolist() == [1, -1, 1]


@pytest.mark.parametrize(
    "first", ['{"token": "0123456789012345678901234567890123456789"}', "{}", "[", '{"token": 5}', "[" * 100_000]
)
def test_without_a_ticket_nothing_is_told(client, first):
    with client.socket() as socket:
        socket.send(first)
        assert json.loads(socket.recv(timeout=20)) == {"t": "unknown"}
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)


def test_what_is_no_message_is_passed_over_and_the_line_goes_on(ws, sid, client):
    ticket = presence.TICKETS.issue(ws, sid, Person("", "Ann"))
    with client.socket() as socket:
        socket.send(json.dumps({"token": ticket.token}))
        hears(socket, "plan")
        edits = '{"t":"edits","s":"a~","events":'
        for told in ("[" * 100_000, edits + "[" * 100_000, "{", "null", edits + "5}", '{"t":"view","presenting":1}'):
            socket.send(told)
        socket.send(json.dumps(paint(sid, 1, KENT, 1)))
        assert hears(socket, "ack")["n"] == 1


def test_a_ticket_is_worth_nothing_to_who_has_no_role_any_more(ws, sid, client):
    ws.sign_in = True
    ticket = presence.TICKETS.issue(ws, sid, Person("u", "Ann"))
    ws.store.roles.give(sid, "o", "owner", by=Person("o", "Olga"))
    with client.socket(user="u") as socket:
        socket.send(json.dumps({"token": ticket.token}))
        assert json.loads(socket.recv(timeout=20)) == {"t": "unknown"}


def test_who_loses_their_role_is_cut_off(ws, sid, client):
    ws.sign_in = True
    olga = Person("o", "Olga")
    ws.store.roles.give(sid, "o", "owner", by=olga)
    ws.store.roles.give(sid, "u", "editor", by=olga)
    ticket = presence.TICKETS.issue(ws, sid, Person("u", "Ann"))
    with client.socket(user="u") as socket:
        socket.send(json.dumps({"token": ticket.token}))
        hears(socket, "plan")
        ws.store.roles.give(sid, "u", "", by=olga)
        with pytest.raises(ConnectionClosed):
            hears(socket, "nothing of that kind")


@pytest.mark.parametrize("who", [{"origin": "http://evil.example"}, {"host": "evil.example"}])
def test_pages_of_others_are_refused(client, who, monkeypatch):
    from streamlit import config

    known = config.get_option
    monkeypatch.setattr(
        config, "get_option", lambda key: ["localhost", "127.0.0.1"] if key == "server.allowedHosts" else known(key)
    )
    monkeypatch.setattr("streamlit.net_util.get_external_ip", lambda: None)
    with pytest.raises((InvalidStatus, ConnectionClosed)), client.socket(**who) as line:
        line.recv(timeout=20)


def test_redraws_get_rarer_the_more_windows_there_are_and_the_longer_edits_take():
    pace = redraw_pace.RedrawPace()
    pace.opened()
    assert pace.wait() == 0.0
    for _ in range(9):
        pace.opened()
    ten = pace.wait()
    assert ten > 1.0
    for _ in range(40):
        pace.opened()
    assert pace.wait() > ten
    for _ in range(49):
        pace.opened(-1)
    pace.opened()
    two = pace.wait()
    for _ in range(60):
        pace.felt(1.0)
    assert two < pace.wait() <= redraw_pace.SLOWEST_S
    for _ in range(400):
        pace.felt(0.01)
    assert pace.wait() == two
