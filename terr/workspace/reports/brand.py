"""The company's looks on documents: name, color, logo and a slide template, kept in the data folder."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from datetime import date
from pathlib import Path

from terr.errors import InputError, RoleError, StoreError
from terr.model.wording import LANGUAGES, USUAL, language_of, writing_in
from terr.report.documents.content import ACCENT, LOGO_BYTES, Brand
from terr.store.atomic import replace_file
from terr.view.text import date_text, number, short
from terr.workspace.access.roles import admins
from terr.workspace.workspace import Workspace

__all__ = ["LANGUAGES"]  # of another floor, for the page
_FILE, _TEMPLATE = "brand.json", "slides.pptx"
_PIXELS, _MOST_PIXELS = 1_200, 8_000
_TEMPLATE_BYTES = 20_000_000


def language_text(tag: str) -> str:
    """A language of numbers with an example: "Germany: 1.234,5 · 1,25 Mio. $ · 30.11.2026"."""
    with writing_in(tag):
        example = f"{number(1234.5, 1)} · {short(1.25e6, 'USD')} · {date_text(date(2026, 11, 30))}"
    return f"{LANGUAGES[tag]}: {example}"


def brand_of(ws: Workspace) -> Brand:
    """What is kept, or Terr's own looks."""
    try:
        kept = json.loads((ws.root / _FILE).read_text("utf-8"))
        logo = base64.b64decode(kept.get("logo", ""), validate=True)
        numbers = str(kept.get("numbers", USUAL))
        return Brand(str(kept.get("company", "")), str(kept.get("accent", ACCENT)), logo, numbers)
    except (OSError, ValueError, TypeError, AttributeError, InputError):
        return Brand()


def brand_from(company: str, accent: str, logo: bytes, numbers: str = USUAL) -> Brand:
    """The looks a command line names.

    Raises:
        InputError: a name, color, picture or language that can't be.
    """
    picture = checked_logo(logo) if logo else b""
    return Brand(company.strip(), accent.strip() or ACCENT, picture, language_of(numbers).tag)


def may_change(ws: Workspace) -> bool:
    """Whether the looks are this person's to change: everybody's where nobody signs in, else an administrator's."""
    return not ws.sign_in or ws.person.user_id in admins()


def save_brand(
    ws: Workspace, company: str, accent: str, logo: bytes | None = None, numbers: str | None = None
) -> Brand:
    """Keep name and color; a new logo too, None = as it is, b"" = none; the language of numbers, None = as it is.

    Raises:
        InputError: a name, color, picture or language that can't be. RoleError: if it isn't this person's to change.
        StoreError: if it can't be written.
    """
    if not may_change(ws):
        raise RoleError("Only an administrator can change the company's looks; ask one.")
    before = brand_of(ws)
    picture = before.logo if logo is None else checked_logo(logo) if logo else b""
    language = before.numbers if numbers is None else language_of(numbers).tag
    made = Brand(company.strip(), accent, picture, language)
    kept = {
        "company": made.company,
        "accent": made.accent,
        "logo": base64.b64encode(made.logo).decode(),
        "numbers": made.numbers,
    }
    _write(ws.root / _FILE, json.dumps(kept).encode())
    return made


def checked_logo(data: bytes) -> bytes:
    """A picture drawn anew as PNG, so that nothing but its pixels is kept.

    Raises:
        InputError: if it isn't a PNG or JPEG of a size that can be.
    """
    from PIL import Image

    if len(data) > LOGO_BYTES:
        raise InputError("the logo has more than 2 MB; save it smaller")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            _check_size(image.size)
            drawn = image.convert("RGBA")
            drawn.thumbnail((_PIXELS, _PIXELS // 2))
            out = io.BytesIO()
            drawn.save(out, "PNG", optimize=True)
    except InputError:
        raise
    except Exception as error:  # Pillow raises whatever its decoders do
        raise InputError("the logo can't be read; give a PNG or JPEG") from error
    return out.getvalue()


def _check_size(size: tuple[int, int]) -> None:
    if max(size) > _MOST_PIXELS:
        raise InputError(f"the logo is wider or higher than {_MOST_PIXELS:,} pixels; save it smaller")


def slide_template(ws: Workspace) -> bytes | None:
    """The company's own PowerPoint template, None if none is kept."""
    try:
        return (ws.root / _TEMPLATE).read_bytes()
    except OSError:
        return None


def save_template(ws: Workspace, data: bytes) -> None:
    """Keep a PowerPoint template for decks; b"" = none any more.

    Raises:
        InputError: if it isn't one. RoleError, StoreError: as `save_brand`.
    """
    if not may_change(ws):
        raise RoleError("Only an administrator can change the company's looks; ask one.")
    if not data:
        (ws.root / _TEMPLATE).unlink(missing_ok=True)
        return
    check_template(data)
    _write(ws.root / _TEMPLATE, data)


def check_template(data: bytes) -> None:
    """Refuse what can't be a PowerPoint template.

    Raises:
        InputError: saying why.
    """
    from terr.report.documents.deck import opened

    if len(data) > _TEMPLATE_BYTES:
        raise InputError("the template has more than 20 MB; remove pictures from it")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if sum(p.file_size for p in parts.infolist()) > 200_000_000:
                raise InputError("the template is too large when unpacked; remove pictures from it")
    except zipfile.BadZipFile as error:
        raise InputError("this isn't a PowerPoint file; save the template as .pptx") from error
    opened(data)


def _write(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data, prefix=".brand-")
    except OSError as error:
        raise StoreError(f"the company's looks can't be saved ({error.strerror}); check the folder") from error
