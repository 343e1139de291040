"""Who is at the screen: the sign-in of Streamlit (OpenID Connect), if the secrets name one; else the one person here.

Whatever is half set up keeps everybody out and says what is missing: a mistake must not open the door.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cachetools import FIFOCache
from streamlit import auth_util, config
from streamlit.runtime.secrets import secrets_singleton
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from terr.errors import InputError
from terr.model.json_values import parse, read
from terr.model.person import Person
from terr.workspace.access.email import clean_address

REQUIRED, TRUST, DOMAINS, HOURS = "TERR_SIGN_IN", "TERR_TRUST_EMAIL", "TERR_SIGN_IN_DOMAINS", "TERR_SIGN_IN_HOURS"
"""Environment. Set: nobody comes in unless a sign-in is set up. "yes": addresses are taken even if the provider doesn't
say that it verified them. Only addresses of these domains come in. A sign-in is good for so many hours (12)."""

ME = Person("", "me")
"""The person at a laptop without a sign-in."""

_SECRET, _SKEW_S, _MOST_ENDED = 32, 300.0, 10_000
_WHAT = "the cookie"
_HOME = ("localhost", "127.0.0.1", "::1")
_KEYS = ("client_id", "client_secret", "server_metadata_url")


@dataclass(frozen=True)
class Setup:
    """How people sign in.

    Attributes:
        on: they have to.
        problem: what is missing in the set-up; nobody comes in until it is mended. "" = nothing.
        providers: names to choose from, "" = the only one.
        origin: scheme, host and port people come by; secure: by https.
    """

    on: bool
    problem: str = ""
    providers: tuple[str, ...] = ()
    origin: str = ""
    secure: bool = False


OFF = Setup(False)


@dataclass(frozen=True)
class Visitor:
    """Who asks.

    Attributes:
        person: None if they have to sign in first.
        why: why a sign-in isn't taken, in words for them; "" = they simply haven't.
    """

    person: Person | None
    why: str = ""


def setup() -> Setup:
    """What the secrets say now; see docs/sign-in.md."""
    if not secrets_singleton.load_if_toml_exists():
        there = [f for f in config.get_option("secrets.files") if Path(f).exists()]
        if there:
            return Setup(True, "the file of secrets can't be read; check that it is valid TOML")
        return _without()
    section = secrets_singleton.get("auth")
    if section is None:
        return _without()
    if not isinstance(section, Mapping):
        return Setup(True, "[auth] in the secrets is no section")
    return _checked(section)


def _without() -> Setup:
    if os.environ.get(REQUIRED, "").strip():
        return Setup(True, f"{REQUIRED} asks for a sign-in, but the secrets have no section [auth]")
    return OFF


def _checked(section: Mapping[str, Any]) -> Setup:
    uri = auth_util.get_redirect_uri(auth_util.get_secrets_auth_section()) or ""
    parts = urlsplit(uri)
    origin = f"{parts.scheme}://{parts.netloc}"
    named = tuple(sorted(k for k, v in section.items() if isinstance(v, Mapping) and "client_id" in v))
    providers = ("", *named) if "client_id" in section else named
    problem = ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.path.endswith("/oauth2callback"):
        problem = "redirect_uri must be the address people use, with /oauth2callback at its end"
    elif parts.scheme != "https" and parts.hostname not in _HOME:
        problem = "redirect_uri must begin with https://"
    elif len(str(section.get("cookie_secret", ""))) < _SECRET:
        problem = f"cookie_secret must be a random text of {_SECRET} characters or more"
    elif not providers:
        problem = "no provider is named"
    elif any("_" in name for name in named):
        problem = "the name of a provider must not contain _"
    elif not auth_util.is_authlib_installed():
        problem = "Authlib isn't installed"
    for name in providers:
        one = section[name] if name else section
        missing = [k for k in _KEYS if not str(one.get(k, "")).strip()]
        if missing and not problem:
            problem = f"{', '.join(missing)} of {name or 'the provider'} is missing"
    return Setup(True, problem, providers, origin, parts.scheme == "https")


def visitor(claims: Mapping[str, Any], now: float | None = None) -> Visitor:
    """Who the claims of a sign-in speak of; they were verified by Streamlit.

    Args:
        claims: of the id token, and `is_logged_in`.
        now: seconds since 1970.
    """
    if claims.get("is_logged_in") is not True:
        return Visitor(None)
    at = time.time() if now is None else now
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float) or issued > at + _SKEW_S:
        return Visitor(None, "Your sign-in doesn't say when it was made. Tell your administrator.")
    if at - issued > _hours() * 3600 or _mark(claims) in _ended:
        return Visitor(None, "Your sign-in has ended. Sign in again to go on; nothing you saved is lost.")
    try:
        address = clean_address(str(claims.get("email") or ""))
    except InputError:
        return Visitor(None, "Your account came without an email address Terr can use. Sign in with another one.")
    verified = claims.get("email_verified")
    trusted = verified is None and os.environ.get(TRUST, "").strip().lower() == "yes"
    if not (verified is True or trusted):
        return Visitor(
            None, "Your email address isn't verified. Verify it where your account is kept, then sign in again."
        )
    domains = os.environ.get(DOMAINS, "").replace(",", " ").lower().split()
    if domains and address.rpartition("@")[2] not in domains:
        return Visitor(None, f"{address} can't be used here. Sign in with the address of your company.")
    name = "".join(c for c in str(claims.get("name") or "") if c.isprintable()).strip()[:80]
    return Visitor(Person(address, name or address))


def _hours() -> float:
    try:
        return min(max(float(os.environ.get(HOURS, "") or 12.0), 0.01), 720.0)
    except ValueError:
        return 12.0


def from_cookies(cookies: Mapping[str, str]) -> Mapping[str, Any]:
    """Claims of a sign-in from the cookie Streamlit signed; empty if there is none, or it is forged, old or of another
    address.
    """
    secret, made = get_cookie_secret(), setup()

    def one(name: str) -> bytes | None:
        text = cookies.get(name)
        return None if text is None else decode_signed_value(secret, name, text.encode("latin-1", "replace"))

    try:
        data = auth_util.get_cookie_with_chunks(one, USER_COOKIE_NAME) or b"{}"
        told = read(dict[str, Any], parse(data, _WHAT), _WHAT)
    except InputError:
        return {}
    return told if told.get("origin") == made.origin else {}


_ended: FIFOCache[tuple[str, ...], None] = FIFOCache(_MOST_ENDED)
_lock = threading.Lock()


def _mark(claims: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(claims.get(k)) for k in ("iss", "sub", "iat", "nonce"))


def end(claims: Mapping[str, Any]) -> None:
    """Somebody signed out: other windows of theirs, and copies of their cookie, are signed out of this program too."""
    if claims.get("is_logged_in") is True:
        with _lock:
            _ended[_mark(claims)] = None
