"""What the files of a system look like, and what an importer made of them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import DataError
from saasmetrics.money import counted
from saasmetrics.tables.dressed import undressed
from saasmetrics.tables.names import snake_case

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa

    from saasmetrics.importers.fields import UnreadableError


@dataclass(frozen=True)
class Layout:
    """One file of a system: the fields that are read from it, each with the names it has in exports.

    Parameters
    ----------
    kind
        What its rows are: "subscriptions".
    fields
        Field -> names of its column, the first that is there is taken.
    needs
        Fields without which the file is not this one.
    signs
        Columns of which at least one is there, in this system and in no other; none where the needs say enough.
    seen
        What else the values say of the columns: from the rows, and field -> column by names, to field -> column.
    named
        Words of which one must be in the name of the file, where columns do not say enough.
    unless
        Words beside those that make it another file: invoices and credit notes in one are invoices.
    beside
        Kind of a file without which this one is none.
    """

    kind: str
    fields: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    signs: tuple[str, ...] = ()
    seen: Callable[[pa.Table, Mapping[str, str]], dict[str, str]] | None = None
    named: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    beside: str = ""

    def name_in(self, label: str) -> str:
        """Return the longest of the names of such files that is in the name of a file or of its sheet, else ""."""
        text = _file_words(label)
        found = [name for name in self.named if f"_{name}_" in text]
        rest = text
        for name in sorted(found, key=len, reverse=True):
            rest = rest.replace(f"_{name}_", "_")
        other = any(f"_{name}_" in rest for name in self.unless)
        return "" if other else max(found, key=len, default="")

    def match(self, columns: list[str], label: str = "") -> dict[str, str]:
        """Return field -> column for a file with these columns and this name; empty where it is another file."""
        if self.named and not self.name_in(label):
            return {}
        if self.signs and not {*columns, *map(_bare, columns)} & set(self.signs):
            return {}
        found = self.fits(columns)
        return found if all(name in found for name in self.needs) else {}

    def fits(self, columns: Collection[str]) -> dict[str, str]:
        """Return field -> column for the columns that have a name of a field, whatever the file is."""
        there = set(columns)
        return {
            name: next(column for column in names if column in there)
            for name, names in self.fields.items()
            if there & set(names)
        }


@cache
def _bare(column: str) -> str:
    """Return the name of a column without a currency: net_eur says as much as net."""
    dressed = undressed(column)
    return snake_case(dressed.bare) if dressed else column


@cache
def _file_words(label: str) -> str:
    """Return the words in the name of a file, or of its sheet, each between underscores."""
    file, _, sheet = label.partition(": ")
    text = unicodedata.normalize("NFC", f"{file.partition('.')[0]} {sheet}")
    words = [re.sub(r"^\d+|\d+$", "", word) for word in snake_case(text).split("_")]
    return f"_{'_'.join(filter(None, words))}_"


@dataclass(frozen=True)
class LeftOut:
    """Rows of an export that are in no table, and why.

    Parameters
    ----------
    file
        The file they are in.
    rows
        How many.
    why
        The reason, to be read after "left out: ".
    examples
        Their first ids.
    """

    file: str
    rows: int
    why: str
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        some = f" ({', '.join(self.examples)}{', ...' if self.rows > len(self.examples) else ''})"
        why = _singular(self.why) if self.rows == 1 else self.why
        return f"{self.file}: {counted(self.rows, 'row')} {why}{some if self.examples else ''}"


def _singular(why: str) -> str:
    pairs = (("that are ", "that is "), ("that have ", "that has "),
             ("that were ", "that was "), ("that end before they begin", "that ends before it begins"))  # fmt: skip
    return next((new + why.removeprefix(old) for old, new in pairs if why.startswith(old)), why)


def _numbered(rows: Sequence[int], many: int) -> str:
    """Return the numbers of the first rows, as a spreadsheet counts them: the header is row 1."""
    noun = "row" if len(rows) == 1 else "rows"
    shown = ", ".join(f"{row:,}" for row in rows[:3])
    return f"{noun} {shown}" + (f" and others, {many:,} in all" if len(rows) > 3 else "")


@dataclass
class Parts:
    """The files of one system, by kind, with their fields as columns of text, and what is said of them.

    A field that the file does not have is a column of missing values, so that an importer reads as if all were there.
    """

    system: str
    frames: dict[str, pd.DataFrame]
    labels: dict[str, str]
    given: dict[str, dict[str, str]]
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    unused: dict[str, list[str]] = field(default_factory=dict)
    semicolon: bool = False
    dayfirst: bool | None = None

    def __contains__(self, kind: str) -> bool:
        return kind in self.frames

    def has(self, kind: str, name: str) -> bool:
        """Whether a file is there and has a field."""
        return name in self.given.get(kind, {})

    def states(self, kind: str, name: str, signs: tuple[str, ...]) -> bool:
        """Whether the column that a field comes from has one of some words in its name."""
        column = self.given.get(kind, {}).get(name, "")
        return any(sign in column for sign in signs)

    def frame(self, kind: str) -> pd.DataFrame:
        """Return the rows of a file that must be there."""
        if kind not in self.frames:
            msg = f"The export of {self.system} lacks its {kind.replace('_', ' ')}. Add the file."
            raise DataError(msg)
        return self.frames[kind]

    def keep(self, kind: str, mask: pd.Series, why: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a frame that a mask keeps; the others are left out for a reason."""
        lost = frame[~mask]
        if len(lost):
            names = ("id", "charge", "line", "number")
            told = (lost[name].dropna() for name in names if name in lost)
            ids = tuple(next((map(str, one.head(3)) for one in told if len(one)), ()))
            self.left_out.append(LeftOut(self.labels[kind], len(lost), why, ids))
        return frame[mask]

    def refuse_twice(self, kind: str, frame: pd.DataFrame) -> None:
        """Refuse an id that two rows have."""
        if len(twice := frame.loc[frame["id"].duplicated(), "id"]):
            msg = f"{self.labels[kind]}: the id {twice.iloc[0]!r} is there twice. Leave one of its rows out."
            raise DataError(msg)

    def places(self) -> dict[str, str]:
        """Return field -> file and column as the user has them, of the first file that has it; "" -> the files."""
        out = {"": " and ".join(self.labels.values())}
        for kind, names in self.names.items():
            for name, column in names.items():
                out.setdefault(name, f"{self.labels[kind]}, column {column!r}")
        return out

    def placed(self, error: UnreadableError) -> DataError:
        """Return an error with the file, the column and the rows that hold the values, as the user has them."""
        for own in (True, False):  # a column of the same name first; joins rename some
            for kind, frame in self.frames.items():
                for name in self.given[kind]:
                    if (name == error.name) != own:
                        continue
                    rows = np.flatnonzero(frame[name].isin(error.values))
                    if len(rows):
                        column = f"{self.labels[kind]}, column {self.names[kind][name]!r} ({name})"
                        return DataError(
                            error.said(column, _numbered((rows + 2).tolist(), error.rows))
                        )
        return error

    def known(
        self, kind: str, name: str, words: Collection[str], frame: pd.DataFrame
    ) -> pd.DataFrame:
        """Return the rows whose status has a meaning; the others are left out, with the status as the reason."""
        from saasmetrics.importers.fields import words as plain

        status = plain(frame[name])
        for strange in sorted(set(status) - set(words)):
            why = f"with the unknown {name} {strange!r}" if strange else f"without a {name}"
            frame = self.keep(kind, status[frame.index] != strange, why, frame)
        return frame


@dataclass(frozen=True)
class Importer:
    """A system whose exports can be read.

    Parameters
    ----------
    id
        Its name in `saasmetrics.importers`.
    title
        Its name in the world.
    menu
        Where in the system the export is made.
    layouts
        Its files.
    main
        Kinds of files of which one must be there; the others alone are not taken for its export.
    build
        From the files to tables by canonical name.
    generic
        Whether a file is taken for its export only if it is of no other system.
    """

    id: str
    title: str
    menu: str
    layouts: tuple[Layout, ...]
    main: tuple[str, ...]
    build: Callable[[Parts], dict[str, pd.DataFrame]]
    generic: bool = False
