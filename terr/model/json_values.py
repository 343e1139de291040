"""JSON by one library: values as plain JSON and back, with what is wrong in words for a person.

Dataclasses are read by their annotations, and their own checks speak when they refuse a value. Nothing is ever run:
what comes in is compared with the annotations and made by the dataclass itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping
from contextlib import suppress
from functools import cache
from types import GenericAlias
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec
import numpy as np

from terr.errors import InputError, TerrError

T = TypeVar("T")

_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "nothing",
    "datetime": "a date and time",
}
_DEEP = "it is nested too deeply"


def to_plain(value: Any) -> Any:
    """A value as JSON has it: dicts, lists, texts, numbers, true, false and None.

    Raises:
        TypeError: for something JSON has no form for.
    """
    return _with_lists(_builtins(value))


def _builtins(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=_plain_form, str_keys=True)


def _with_lists(plain: Any) -> Any:
    """msgspec leaves tuples as they are; JSON read again has lists, and the two must be equal."""
    if isinstance(plain, dict):
        return {k: _with_lists(v) for k, v in plain.items()}
    return [_with_lists(v) for v in plain] if isinstance(plain, list | tuple) else plain


def to_text(value: Any, what: str, *, indent: int | None = None) -> str:
    """A value as JSON text; indented it is for a person, else its keys are sorted, so that equal values are one text.

    Raises:
        InputError: if `what` holds something JSON can't, such as a number that is none.
    """
    try:
        plain = _builtins(value)
        if indent is None:
            return json.dumps(plain, allow_nan=False, sort_keys=True, separators=(",", ":"))
        return json.dumps(plain, allow_nan=False, indent=indent, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{what} can't be stored: {_reason(error)}") from error


def parse(data: bytes | str, what: str) -> Any:
    """What a JSON text says, in any of the encodings a file may have.

    Raises:
        InputError: if it is no JSON, or too much of it.
    """
    try:
        text = data if isinstance(data, str) else data.decode(json.detect_encoding(data))
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(f"{what} can't be read: it is no JSON ({_reason(error)})") from error


def read(kind: type[T], kept: Any, what: str, *, closed: bool = False) -> T:
    """A value of a type from plain JSON.

    Args:
        kind: a dataclass, or any other type msgspec knows; arrays of numpy are read from lists.
        kept: plain JSON.
        what: what it is, for the message.
        closed: keys the type doesn't know are refused rather than left out.

    Raises:
        InputError: if it doesn't fit the type, saying where and what was expected; or what the type's own checks raise.
    """
    try:
        made = msgspec.convert(kept, kind, dec_hook=_made, str_keys=True)
        unknown = _unknown(kept, _builtins(made)) if closed else ""
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, TerrError):
            raise error.__cause__ from None
        raise InputError(f"{what} can't be read: {_sentence(str(error))}") from error
    except (RecursionError, OverflowError, TypeError) as error:
        raise InputError(f"{what} can't be read: {_reason(error)}") from error
    if unknown:
        raise InputError(f"{what} can't be read: \"{unknown[:60]}\" isn't known here")
    return made


def read_each(kind: type[T], kept: Any) -> tuple[T, ...]:
    """The values of a kept list; what can't be read is left out, so that the rest opens."""
    out = []
    for one in kept if isinstance(kept, list | tuple) else ():
        with suppress(TerrError):
            out.append(read(kind, one, "a kept value"))
    return tuple(out)


def readable(kind: type[Any], kept: Any, **instead: Any) -> dict[str, Any]:
    """The fields of a dataclass that can be read, by their names; of lists and objects what can be read of them.

    For settings that must open whatever became of them: what isn't here has its usual value.

    Args:
        kind: the dataclass.
        kept: plain JSON.
        instead: types of fields that JSON keeps in another form than the dataclass.
    """
    hints = {**_hints(cast(Hashable, kind)), **instead}
    out: dict[str, Any] = {}
    for name, value in kept.items() if isinstance(kept, Mapping) else ():
        with suppress(TerrError):
            if name in hints:
                out[name] = _what_fits(hints[name], value)
    return out


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """The annotations of a dataclass, evaluated once: the messages of windows ask for them many times a second."""
    return get_type_hints(kind, include_extras=True)


def _what_fits(hint: Any, value: Any) -> Any:
    parts = get_args(hint)
    if get_origin(hint) is tuple and parts[1:] == (...,):
        return read_each(parts[0], value)
    if get_origin(hint) is Mapping and isinstance(value, Mapping):
        fits, entry = dict[Any, Any](), cast(Any, GenericAlias(dict, parts))
        for one in value.items():
            with suppress(TerrError):
                fits |= read(entry, dict([one]), "a kept value")
        return fits
    return read(hint, value, "a kept value")


def _plain_form(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _made(kind: Any, kept: Any) -> Any:
    """An array of numpy from a list of its kind of numbers; nothing is rounded or cut to fit."""
    if get_origin(kind) is not np.ndarray:
        raise TypeError(f"{kind} can't be read from JSON")
    dtype = np.dtype(get_args(get_args(kind)[1])[0])
    cells: Any = {"f": list[float], "i": list[int]}.get(dtype.kind, list[bool | int])
    return np.array(msgspec.convert(kept, cells), dtype=dtype)


def _unknown(kept: Any, known: Any) -> str:
    """The first key of plain JSON that the value made of it has no place for, "" if there is none."""
    if isinstance(kept, Mapping) and isinstance(known, Mapping):
        inner = (_unknown(v, known[k]) if k in known else str(k) for k, v in kept.items())
    elif isinstance(kept, list | tuple) and isinstance(known, list | tuple):
        inner = (_unknown(a, b) for a, b in zip(kept, known, strict=False))
    else:
        return ""
    return next(filter(None, inner), "")


def _reason(error: BaseException) -> str:
    return _DEEP if isinstance(error, RecursionError) else str(error)[:120]


def _sentence(told: str) -> str:
    """msgspec's "Expected `str`, got `int` - at `$.name`" as: "name" should be a text, not a whole number."""
    said, _, place = told.partition(" - at ")
    spot = place.replace("`", "").replace("key in $.", "keys of ").removeprefix("$").removeprefix(".")
    where = f'"{spot[:80]}"' if spot else "it"
    if missing := re.fullmatch(r"Object missing required field `(.+)`", said):
        return f'"{missing[1]}" is missing{f" in {where}" if spot else ""}'
    if wrong := re.fullmatch(r"Expected `([^`]+)`(.*?)(?:, got (.+))?", said):
        got = wrong[3] and re.sub("`(.+)`", lambda found: _named(found[1]), wrong[3])
        return f"{where} should be {_named(wrong[1])}{wrong[2]}{f', not {got}' if got else ''}"
    return f"{where}: {said[:1].lower()}{said[1:120]}"


def _named(kinds: str) -> str:
    return " or ".join(_WORDS.get(k, k) for k in kinds.split(" | "))
