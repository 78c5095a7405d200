"""Settings as a file that can be read again, and as a pack that was made by them tells them."""

from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.board.asked import FOR, PAGES, Ask, Settings, Words
from saasmetrics.board.model import Text
from saasmetrics.board.pages.asks import NOBODY
from saasmetrics.export.files import file_path, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from saasmetrics.board.build import Pack

_EXAMPLE = "board.toml"
_PLACES = (
    "data",
    "logo",
    "template",
    "policy",
)  # files and folders, from the folder of the settings
_ORDER = (
    "company", "title", "data", "currency", "fiscal_start", "as_of", "policy", "audience", "pages", "formats",
    "paper", "logo", "template", "margin", "benchmarks", "missing_pages",
)  # fmt: skip


def save(asked: Settings, path: Any) -> Path:
    """Write settings as TOML, whole or not at all, and return the path; files that they name are named from there.

    Raises
    ------
    DataError
        If that is no path, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from saasmetrics.board.asked import settings
    >>> made = save(Settings(company="Größer & Co", margin=0.8), tempfile.mkdtemp() + "/board.toml")
    >>> settings(made).company
    'Größer & Co'
    """
    place = file_path(path, _EXAMPLE)
    return write(place, toml(moved(asked, place.parent)), _EXAMPLE)


def moved(asked: Settings, folder: Path) -> Settings:
    """Return settings that name the same files from another folder."""
    if asked.folder.resolve() == folder.resolve():
        return replace(asked, folder=folder)
    changed: dict[str, Any] = {}
    for name in _PLACES:
        value = getattr(asked, name)
        named = value and (name != "policy" or (asked.folder / value).is_file())
        if named and not Path(value).is_absolute():
            try:
                there = os.path.relpath((asked.folder / value).resolve(), folder.resolve())
            except ValueError:  # on another drive
                there = str((asked.folder / value).resolve())
            changed[name] = Path(there).as_posix()
    return replace(asked, **changed, folder=folder)


def toml(asked: Settings) -> str:
    r"""Return settings as TOML, what is as it is by default left out.

    Examples
    --------
    >>> toml(Settings(company='The "A"', targets={"arr": {"2026-Q3": 5e6}}))
    'company = "The \\"A\\""\n\n[targets.arr]\n"2026-Q3" = 5000000.0\n'
    """
    plain = Settings()
    lines = [
        f"{name} = {_value(getattr(asked, name))}"
        for name in _ORDER
        if getattr(asked, name) != getattr(plain, name)
    ]
    blocks = ["\n".join(lines), *_tables(asked)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _tables(asked: Settings) -> Iterator[str]:
    if asked.colors:
        yield _table("[colors]", asked.colors)
    for metric, periods in asked.targets.items():
        yield _table(f"[targets.{metric}]", periods)
    for page, words in asked.comments.items():
        yield _table(f"[comments.{page}]", _said(words))
    for ask in asked.asks:
        yield _table("[[asks]]", _said(ask))


def _said(record: Any) -> dict[str, str]:
    found = {each.name: getattr(record, each.name) for each in fields(record)}
    return {name: text for name, text in found.items() if text}


def _table(head: str, values: Mapping[str, Any]) -> str:
    lines = [
        f"{name if name.isidentifier() and name.isascii() else _value(name)} = {_value(value)}"
        for name, value in values.items()
    ]
    return "\n".join([head, *lines])


def _value(value: Any) -> str:
    """Return a value as TOML: its texts are those of JSON, but for one sign that must not stand in a file."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def told_by(pack: Pack) -> Settings:
    """Return the settings that a pack tells of: whose it is, for whom, its pages, and what was written by hand.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> asked = {"company": "Example", "pages": ["bridge"], "comments": {"bridge": {"text": "Ours."}}}
    >>> told_by(sm.board.pack(sm.demo(customers=60), settings=asked)).comments["bridge"].text
    'Ours.'
    """
    facts, look = pack.facts, pack.settings
    shown = tuple(page.id for page in pack.pages if page.id in PAGES)
    audience = str(facts.get("audience") or "board")
    words = {
        page.id: Words(
            page.title if "title" in page.edited else "",
            page.comment if "comment" in page.edited else "",
            page.written_for,
        )
        for page in pack.pages
        if page.edited
    }
    asks = tuple(
        Ask(*(cell.text.removeprefix(NOBODY) for cell in row.cells[:3] if isinstance(cell, Text)))
        for page in pack.pages
        for table in page.tables
        for row in table.rows
        if page.id == table.id == "asks"
    )
    return Settings(
        company=pack.company, title=str(facts["title"]), audience=audience if audience in FOR else "board",
        pages=() if shown == FOR.get(audience) else shown, paper=look.paper, logo=look.logo, template=look.template,
        colors=look.colors, comments=words, asks=asks, folder=look.folder,
    )  # fmt: skip
