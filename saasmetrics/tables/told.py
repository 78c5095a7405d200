"""What the reader of a file is told: names of columns, the order of dates, the decimal sign, the encoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import one_of
from saasmetrics.errors import DataError, InvalidTablesError, Problem, UnknownNameError
from saasmetrics.tables.encodings import checked_code
from saasmetrics.tables.findings import count, examples, first_rows
from saasmetrics.tables.months import month_columns
from saasmetrics.tables.names import match_columns, with_currencies
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.separators import place_of, with_names, without_separator
from saasmetrics.tables.texts import decode, is_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["NOTHING", "Told"]

_DATES = ("date", "month", "timestamp")
_NUMBERS = ("money", "number", "int")
_DATE = r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})([ T]\d{2}:\d{2}.*)?$"
_COMMA = r"^\(?[+-]?[$€£¥]? ?[+-]?(\d{1,3}([.' \x{00a0}\x{202f}]\d{3})+|\d+)(,\d+)?( ?[$€£¥])?\)?$"
_SIGNS = r"[.,]"


@dataclass(frozen=True)
class Told:
    """How to read what a file alone does not tell.

    Parameters
    ----------
    dayfirst
        Whether 03/04/2025 is 3 April (True) or 4 March (False); None refuses dates that can be either.
    decimal
        Sign that parts decimals, "," or "."; None refuses amounts that can be either.
    encoding
        Encoding of text files that say nothing of it: "utf-8", "utf-16", "cp1252" or "shift-jis"; None guesses where
        that is safe, and says so.
    columns
        Table -> name in the file -> name of the schema, such as {"subscriptions": {"Begun": "start"}}.

    Raises
    ------
    DataError
        If one of them is something else.
    """

    dayfirst: bool | None = None
    decimal: str | None = None
    encoding: str | None = None
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.dayfirst not in (None, True, False):
            raise DataError(f"dayfirst is True, False or None, not {self.dayfirst!r}.")
        if self.decimal not in (None, ",", "."):
            raise DataError(f'decimal is "," or ".", not {self.decimal!r}.')
        checked_code(self.encoding)
        given = self.columns
        if not isinstance(given, Mapping) or not all(
            isinstance(v, Mapping) for v in given.values()
        ):
            raise DataError(
                'columns names the columns per table: columns={"subscriptions": {"Begun": "start"}}.'
            )
        for table in given:
            one_of("table", table, SCHEMA)

    def check(self, tables: Collection[str]) -> None:
        """Refuse names of columns for a table that was not read."""
        for table in self.columns:
            if table not in tables:
                raise DataError(
                    f"columns names the table {table!r}, which is not there. Read: {', '.join(tables)}."
                )

    def apply(self, table: str, data: pa.Table) -> tuple[pa.Table, list[str]]:
        """Rows of a file with what was told made plain: canonical names, dates as 2025-01-31, a decimal point.

        Parameters
        ----------
        table
            Canonical name of the table.
        data
            The rows as the file has them.

        Returns
        -------
        tuple
            The rows, and what was done in words.

        Raises
        ------
        UnknownNameError
            If the file does not have a column that was named.
        InvalidTablesError
            If a value contradicts what was told.
        """
        names = self.columns.get(table, {})
        for name in names:
            if name not in data.column_names:
                raise UnknownNameError.of(f"column of {table}", name, data.column_names)
        notes = [f"{old} is {new}, as told" for old, new in names.items()]
        if names:
            data = with_names(data, with_currencies(SCHEMA[table], names))
        if self.dayfirst is not None:
            data, made = self._dates(table, data)
            notes += made
        if self.decimal is not None:
            data, made = self._decimals(table, data)
            notes += made
        return data, notes

    def _dates(self, table: str, data: pa.Table) -> tuple[pa.Table, list[str]]:
        read: list[str] = []
        order = r"\3-\2-\1\4" if self.dayfirst else r"\3-\1-\2\4"
        for name in _of(table, data, _DATES):
            values = pc.utf8_trim_whitespace(decode(data[name]))
            spelt = pc.fill_null(pc.match_substring_regex(values, _DATE), False)
            if not count(spelt):
                continue
            # Both numbers get two digits: 3/4/2025 is 03/04/2025.
            padded = pc.replace_substring_regex(values, r"^(\d)[/.-]", r"0\1/")
            padded = pc.replace_substring_regex(padded, r"^(\d\d)[/.-](\d)[/.-]", r"\1/0\2/")
            dates = pc.replace_substring_regex(padded, _DATE, order)
            wrong = pc.and_(spelt, pc.match_substring_regex(dates, r"^\d{4}-(1[3-9]|[2-9])"))
            _refuse(table, data, name, wrong, f"dates that contradict dayfirst={self.dayfirst}")
            data = _set(data, name, pc.if_else(spelt, dates, values))
            read.append(name)
        first = "day" if self.dayfirst else "month"
        return data, [f"{', '.join(read)}: read with the {first} first, as told"] if read else []

    def _decimals(self, table: str, data: pa.Table) -> tuple[pa.Table, list[str]]:
        data = without_separator(data)
        if self.decimal == ".":
            return data, []
        read = []
        wanted = [*_of(table, data, _NUMBERS)]
        for name in [*wanted, *_extras(table, data, wanted)]:
            values = pc.utf8_trim_whitespace(decode(data[name]))
            fits = pc.match_substring_regex(values, _COMMA)
            wrong = pc.and_(pc.invert(fits), pc.match_substring_regex(values, _SIGNS))
            if name not in wanted and not pc.all(fits).as_py():
                continue
            _refuse(table, data, name, wrong, 'numbers that contradict decimal=","')
            plain = pc.replace_substring_regex(values, r"[.' \x{00a0}\x{202f}$€£¥]", "")
            plain = pc.replace_substring(plain, ",", ".")
            if count(pc.not_equal(pc.if_else(fits, plain, values), values)):
                data = _set(data, name, pc.if_else(fits, plain, values))
                read.append(name)
        return data, [f"{', '.join(read)}: read with a decimal comma, as told"] if read else []


NOTHING = Told()
"""Nothing is told: what can be read in two ways is refused."""


def _of(table: str, data: pa.Table, kinds: tuple[str, ...]) -> Iterable[str]:
    """Columns of text that the schema wants as something of a kind."""
    known = match_columns(SCHEMA[table], data.column_names).known.values()
    names = [given for given, match in known if match.column.dtype in kinds or match.after]
    if table == "mrr" and kinds == _NUMBERS:
        names += month_columns(data.column_names)
    return [name for name in dict.fromkeys(names) if is_text(decode(data[name]).type)]


def _extras(table: str, data: pa.Table, wanted: list[str]) -> list[str]:
    extra = match_columns(SCHEMA[table], data.column_names).extra
    return [name for name in extra if name not in wanted and is_text(decode(data[name]).type)]


def _set(data: pa.Table, name: str, values: Any) -> pa.Table:
    return data.set_column(data.column_names.index(name), name, values)


def _refuse(table: str, data: pa.Table, name: str, wrong: pa.ChunkedArray, rule: str) -> None:
    if many := count(wrong):
        shown = examples({name: data[name]}, first_rows(pc.fill_null(wrong, False)))
        remedy = "Correct these values, or say it otherwise."
        place = place_of(data, name, first_rows(pc.fill_null(wrong, False)).to_pylist())
        code = "contradicts-told"
        raise InvalidTablesError(
            [Problem(table, name, rule, many, shown, remedy, "error", code, place=place)]
        )
