"""PDF from a template of this project and data, by Typst; charts from Vega-Lite specifications.

What a person typed reaches Typst only as values of JSON: a string in content is text, so `#`, `$` or `*` in a name are
letters. No template calls `eval`, and none is put together from texts. See docs/decisions/0026-documents.md.

A template is a file of `templates/` that begins with

    #import "house.typ": *
    #let data = given()

and shows `data.title`, `data.tables` and so on. Pictures are SVG texts inside the data, shown by `picture(data.map)`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from terr.errors import InputError

HERE = Path(__file__).parent
TEMPLATES, FONTS = HERE / "templates", HERE / "fonts"
FONT = "Source Sans Pro"
LONGEST = 20_000
"""Characters of one text; a picture may be longer."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_NO_LETTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)


def compile_pdf(template: str, data: Mapping[str, Any], made: datetime | None = None) -> bytes:
    """A PDF with selectable text, bookmarks and tags.

    Args:
        template: a name in `templates/`, without ".typ".
        data: what the template shows: texts, numbers, lists and tables of them, `None`; pictures as SVG texts.
        made: when the document was made, for its properties; with it the same data give the same bytes. Default: now.

    Raises:
        InputError: if there is no such template.
    """
    found = _compiled(template, data, "pdf", made)
    if not isinstance(found, bytes):
        raise InputError(f'the template "{template}" gives no document')
    return found


def compile_pictures(template: str, data: Mapping[str, Any], ppi: float = 144.0) -> list[bytes]:
    """The pages of a template as PNG, so many pixels an inch.

    Raises:
        InputError: if there is no such template.
    """
    found = _compiled(template, data, "png", None, ppi)
    return [found] if isinstance(found, bytes) else list(found)


def _compiled(template: str, data: Mapping[str, Any], kind: Any, made: datetime | None, ppi: float = 144.0) -> Any:
    import typst

    if not _NAME.fullmatch(template) or not (TEMPLATES / f"{template}.typ").is_file():
        raise InputError(f'there is no template "{template}" for a document')
    return typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format=kind,
        ppi=ppi,
        sys_inputs={"data": json.dumps(plain(data), ensure_ascii=False, allow_nan=False)},
        timestamp=(made or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0),
    )


def plain(value: Any) -> Any:
    """`value` as JSON has it: numbers of numpy as Python's, what is no number as None, texts made of letters alone.

    Raises:
        InputError: for a value that is none of text, number, mapping and list.
    """
    if isinstance(value, str):
        return clean(value, len(value) if value.startswith("<svg") else LONGEST)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {clean(str(k)): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence | np.ndarray):
        return [plain(v) for v in value]
    raise InputError(f"a document can't show a value of the kind {type(value).__name__}")


def clean(text: str, longest: int = LONGEST) -> str:
    """A text without control characters, lone surrogates and marks that turn the direction of what follows."""
    return _NO_LETTERS.sub("", text[:longest])


def chart_svg(spec: Mapping[str, Any]) -> str:
    """A Vega-Lite specification as SVG in the documents' font; nothing is loaded from anywhere.

    Args:
        spec: the specification with its data inside, as a chart of `terr.view` gives by `to_dict()`.

    Raises:
        InputError: if the specification can't be drawn.
    """
    import vl_convert

    _charts_font()
    config = {**dict(spec.get("config", {})), "font": FONT}
    try:
        drawn: str = vl_convert.vegalite_to_svg({**spec, "config": config}, allowed_base_urls=[])
    except ValueError as error:
        raise InputError(f"a chart of the document can't be drawn ({str(error).splitlines()[0]})") from error
    return drawn[drawn.index("<svg") :]


def svg_png(svg: str, scale: float = 2.0) -> bytes:
    """An SVG of this project as PNG, `scale` pixels for each of its own."""
    import vl_convert

    _charts_font()
    drawn: bytes = vl_convert.svg_to_png(svg, scale=scale)
    return drawn


@lru_cache(maxsize=1)
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)])


@lru_cache(maxsize=1)
def _charts_font() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
