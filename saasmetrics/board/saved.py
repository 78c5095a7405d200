"""A pack from its JSON file: every part of the kind that it must be, every name of a number one that there is."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from saasmetrics.board.asked import Settings, settings
from saasmetrics.board.model import FORMAT, Check, Page, Quantity, Rows, Total, cells_of
from saasmetrics.errors import DataError
from saasmetrics.export.files import whole_text

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 2**29  # bytes of a saved pack; that of ten thousand customers has some 2**24
_MOST = 2**1000  # of a number that can be calculated with
_TAKE = "Take one that Pack.save wrote."


@dataclass(frozen=True)
class Facts:
    """What every pack says about itself; it may say more."""

    company: str
    title: str
    quarter: str
    as_of: str
    currency: str
    policy: str
    data_hash: str
    code: str
    quarters: tuple[str, ...]
    metrics: Mapping[str, Any]
    policy_hash: str = ""
    quarter_end: str = ""
    known: str = ""


@dataclass(frozen=True)
class Look:
    """How a pack is drawn."""

    paper: str
    logo: str
    template: str
    colors: Mapping[str, str]


@dataclass(frozen=True)
class Saved:
    """The parts of a saved pack.

    Examples
    --------
    >>> [each.name for each in fields(Saved)][:2]
    ['pages', 'quantities']
    """

    pages: tuple[Page, ...]
    quantities: Mapping[str, Quantity]
    facts: Mapping[str, Any]
    rows: Mapping[str, Rows]
    checks: tuple[Check, ...]
    look: Look


def load(file: Path) -> tuple[Saved, Settings]:
    """Return the parts of the pack that a file holds, and how it is to look.

    Raises
    ------
    DataError
        If the file cannot be read, is no pack or a damaged one, or a newer version of the library wrote it.
    """
    try:
        held = read_json(whole_text(file, "The pack", _LARGEST), str(file))
        found = saved(held)
        return found, replace(_settings(found.look), folder=file.parent)
    except _DamagedError as error:
        msg = f"{file} is not the JSON file of a pack, or a damaged one: {error} {_TAKE}"
        raise DataError(msg) from error
    except MemoryError as error:
        msg = f"The pack {file} cannot be read: it is larger than the memory."
        raise DataError(msg) from error


def read_json(text: str, name: str) -> dict[str, Any]:
    """Return what a saved pack holds; refuse what is none.

    Raises
    ------
    DataError
        If the text is no pack, or of a newer version of the library.

    Examples
    --------
    >>> read_json('{"format": 1, "pages": [], "quantities": {}}', "last.json")["format"]
    1
    """
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"{name} is not the JSON file of a pack: {error}. {_TAKE}"
        raise DataError(msg) from error
    if not isinstance(held, dict) or "quantities" not in held or "pages" not in held:
        msg = f"{name} is not the JSON file of a pack: it has no pages and quantities. {_TAKE}"
        raise DataError(msg)
    if held.get("format") != FORMAT:
        msg = f"{name} is of format {held.get('format')!r}, and this version reads {FORMAT}; update saasmetrics."
        raise DataError(msg)
    return held


def _settings(look: Look) -> Settings:
    try:
        return settings({name: value for name, value in vars(look).items() if value})
    except DataError as error:
        msg = f"look: {error}"
        raise _DamagedError(msg) from error


class _DamagedError(DataError):
    """A part of the file is not what it must be."""


def saved(held: Mapping[str, Any]) -> Saved:
    """Return the parts of a pack from what JSON holds of them.

    Raises
    ------
    DataError
        If a part is missing or of another kind, or names a number that there is not.
    """
    parts = {name: value for name, value in held.items() if name != "format"}
    found: Saved = _made(Saved, parts, "the file")
    known = {each.name for each in fields(Facts)}
    facts = {name: value for name, value in found.facts.items() if name in known}
    _check_days(_made(Facts, facts, "facts"))
    if not found.pages:
        msg = "there are no pages."
        raise _DamagedError(msg)
    for name, rows in found.rows.items():
        lengths = {len(column) for column in rows.columns.values()}
        if "part" not in rows.columns or len(lengths) != 1:
            msg = f"rows.{name} has no column 'part', or columns of several lengths."
            raise _DamagedError(msg)
    for place, key in _named(found):
        if key not in found.quantities:
            msg = f"{place} names the quantity {key!r}, and there is none."
            raise _DamagedError(msg)
    for key, quantity in found.quantities.items():
        for part in quantity.parts.values():
            if isinstance(part, Total) and not _has(found, part):
                msg = f"quantities.{key} is of the rows {part.table!r}, column {part.column!r}, and there are none."
                raise _DamagedError(msg)
    return found


def _check_days(facts: Facts) -> None:
    for name in ("as_of", "quarter_end", "known"):
        day = getattr(facts, name)
        try:
            if day or name == "as_of":
                date.fromisoformat(day)
        except ValueError as error:
            msg = f"facts.{name} is {day[:40]!r}, which is no day."
            raise _DamagedError(msg) from error


def _has(found: Saved, part: Total) -> bool:
    return part.table in found.rows and part.column in found.rows[part.table].columns


def _named(found: Saved) -> Iterator[tuple[str, str]]:
    """Give every quantity that something names, and where."""
    for page in found.pages:
        yield from ((f"the page {page.id}", key) for key in (*cells_of(page), page.key) if key)
    for check in found.checks:
        yield from ((f"the check {check.label!r}", key) for key in check.parts.values())
    for name, quantity in found.quantities.items():
        parts = (part for part in quantity.parts.values() if isinstance(part, str))
        yield from ((f"quantities.{name}", key) for key in parts)


@cache
def _kinds(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _made(kind: Any, held: Any, place: str) -> Any:
    """Return data of a kind, such as tuple[Page, ...], from what JSON holds of it."""
    if kind is Any:
        return held
    if is_dataclass(kind):
        return _record(kind, held, place)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _made(_fitting(inner, held), held, place)
    if origin is Mapping and isinstance(held, dict):
        return {name: _made(inner[1], each, f"{place}.{name}") for name, each in held.items()}
    if origin is tuple and isinstance(held, list):
        return tuple(_made(inner[0], each, f"{place}[{at}]") for at, each in enumerate(held))
    if origin is list and isinstance(held, list):
        return held
    if kind is float and isinstance(held, int) and not isinstance(held, bool):
        return held if abs(held) < _MOST else _refuse(held, place)
    return held if origin is None and type(held) is kind else _refuse(held, place)


def _fitting(options: tuple[Any, ...], held: Any) -> Any:
    """Return which kind of several it can be: a record of an object, nothing of null, a plain one of all else."""
    wanted = "record" if isinstance(held, dict) else "nothing" if held is None else "plain"
    for kind in options:
        own = "record" if is_dataclass(kind) else "nothing" if kind is type(None) else "plain"
        if own == wanted:
            return kind
    return options[0]


def _record(kind: Any, held: Any, place: str) -> Any:
    if not isinstance(held, dict):
        _refuse(held, place)
    known, kinds = {each.name: each for each in fields(kind)}, _kinds(kind)
    for name in held:
        if name not in known:
            msg = f"{place} has {name!r}, which nothing is called."
            raise _DamagedError(msg)
    for name, each in known.items():
        needed = each.default is MISSING and each.default_factory is MISSING
        if needed and name not in held:
            msg = f"{place} has no {name!r}."
            raise _DamagedError(msg)
    return kind(
        **{name: _made(kinds[name], part, f"{place}.{name}") for name, part in held.items()}
    )


def _refuse(held: Any, place: str) -> Any:
    text = repr(held)
    msg = f"{place} is {text if len(text) < 40 else text[:40] + '...'}."
    raise _DamagedError(msg)
