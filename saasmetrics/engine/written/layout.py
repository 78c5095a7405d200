"""The text of a SELECT: tables before columns only where they are needed, repeated windows once, lines of a width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp
from sqlglot.dialects import ClickHouse

from saasmetrics.engine.written.selects import Select, repeated
from saasmetrics.engine.written.shorter import enclosed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Key = tuple[str, str]

_WIDTH = 100
_WITHOUT_NAMED_WINDOWS = ("snowflake",)
# The dialect that Ibis puts under this name cannot be written where sqlglot is compiled.
_OWN = {"clickhouse": ClickHouse}


class Text:
    """Write SELECTs in a dialect.

    Parameters
    ----------
    dialect
        The name of a dialect.
    """

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    def of(self, select: Select, names: Sequence[str], *, star: bool = False) -> str:
        """Return the text of a SELECT with some of its columns, in order; `star`: those of its source as they are."""
        using = merged(select)
        bare = bare_columns(select, using)
        windows = {} if self.dialect in _WITHOUT_NAMED_WINDOWS else repeated(select)
        over = {_over(node): name for name, node in windows.items()}

        def write(value: Any) -> str:
            return self._text(_with_names(value.copy(), over, bare))

        items = [self._item(n, select.columns[n], write(select.columns[n])) for n in names]
        items = ["*", *items] if star else items
        word = "SELECT DISTINCT" if select.distinct else "SELECT"
        lines = [*_filled(word, items), f"FROM {self._source(select.source[1], select.source[0])}"]
        for kind, alias, table, on in select.joins:
            joined = f"{kind} {self._source(table, alias)}"
            if alias in using:
                joined += f" USING ({', '.join(map(self.name, using[alias]))})"
            elif on:
                joined += " ON " + " AND ".join(map(write, on))
            lines.append(joined)
        lines += _listed("WHERE", "  AND", [_condition(v, write(v)) for v in select.where])
        if select.groups:
            place = [(select.columns[name], str(n)) for n, name in enumerate(names, 1)]
            groups = [next((n for v, n in place if v == g), write(g)) for g in select.groups]
            lines.append("GROUP BY " + ", ".join(dict.fromkeys(groups)))
        # Its names are those of columns of the source, not of the new ones.
        having = [_condition(v, self._text(enclosed(v.copy()))) for v in select.having]
        lines += _listed("HAVING", "  AND", having)
        lines += _listed("WINDOW", "      ", self._windows(windows, bare))
        if select.order:
            shown = {value.sql(): name for name, value in select.columns.items()}
            lines.append("ORDER BY " + ", ".join(self._key(v, shown, write) for v in select.order))
        return "\n".join(lines)

    def rows(self, names: Sequence[str], rows: Sequence[Sequence[int]]) -> str:
        """Return the text of whole numbers as a table."""
        columns = [exp.to_identifier(name, quoted=True) for name in names]
        alias = exp.TableAlias(this=exp.to_identifier("rows", quoted=True), columns=columns)
        values = [exp.Tuple(expressions=[exp.convert(v) for v in row]) for row in rows]
        listed = exp.Values(expressions=values, alias=alias)
        # With its SELECT, as only then does sqlglot write what a dialect without VALUES and names has instead.
        text = self._text(exp.select(*(exp.Column(this=c.copy()) for c in columns)).from_(listed))
        for begin in ("(", "STRUCT("):
            text = text.replace(f"), {begin}", f"),\n  {begin}")
        return text.replace(" UNION ALL ", "\n  UNION ALL ").replace(" FROM ", "\nFROM ", 1)

    def name(self, name: str) -> str:
        """Return a name, quoted."""
        return self._text(exp.to_identifier(name, quoted=True))

    def _text(self, value: Any) -> str:
        if self.dialect == "snowflake":  # where names that nobody quotes are in capitals
            for identifier in value.find_all(exp.Identifier):
                identifier.set("this", identifier.name.upper())
        if self.dialect == "clickhouse":  # whose own words of old see no more than the rows before
            for node in list(value.find_all(exp.Lag, exp.Lead)):
                given = [node.this, *([node.args["offset"]] if node.args.get("offset") else [])]
                node.replace(exp.Anonymous(this=type(node).__name__.upper(), expressions=given))
        text: str = value.sql(dialect=_OWN.get(self.dialect, self.dialect))
        return text

    def _windows(self, windows: Mapping[str, Any], bare: set[Key]) -> list[str]:
        found = []
        for name, node in windows.items():
            window = node.copy()
            window.set("this", exp.Null())
            text = self._text(_with_names(window, {}, bare)).removeprefix("NULL OVER ")
            found.append(f"{self.name(name)} AS {text}")
        return [f"{text}," for text in found[:-1]] + found[-1:]

    def _item(self, name: str, value: Any, text: str) -> str:
        same = isinstance(value, exp.Column) and value.name == name
        return text if same else f"{text} AS {self.name(name)}"

    def _source(self, table: Any, alias: str) -> str:
        text = self._text(table.copy())
        return text if table.name == alias else f"{text} AS {self.name(alias)}"

    def _key(self, value: Any, shown: Mapping[str, str], write: Any) -> str:
        """Return what rows are ordered by: a column that is shown has a name."""
        value = value.copy()
        name = shown.get(value.this.sql())
        if name is not None:
            value.set("this", exp.column(exp.to_identifier(name, quoted=True)))
        text: str = write(value)
        return text


def _over(node: Any) -> str:
    window = node.copy()
    window.set("this", exp.Null())
    return str(window.sql())


def _with_names(value: Any, over: Mapping[str, str], bare: set[Key]) -> Any:
    """Return an expression with the names of its windows, and with bare columns."""
    for node in list(value.find_all(exp.Window)):
        name = over.get(_over(node))
        if name is not None:
            for part in ("partition_by", "order", "spec"):
                node.set(part, None)
            node.set("alias", exp.to_identifier(name, quoted=True))
    for node in value.find_all(exp.Column):
        if (node.table, node.name) in bare:
            node.set("table", None)
    return enclosed(value)


def merged(select: Select) -> dict[str, list[str]]:
    """Return the columns by which each table is joined that has them by the same names, and in which that is all."""
    found: dict[str, list[str]] = {}
    written = _written(select)
    before = [select.source[0]]
    for kind, alias, _, on in select.joins:
        keys = [key for value in on if (key := _key(value, alias)) is not None]
        known = all(name in select.known for name in (*before, alias))
        fits = known and 0 < len(keys) == len(on)
        for key in keys if fits else ():
            one = sum(key in select.known[name] for name in before) == 1
            fits = fits and one and (kind == "JOIN" or (alias, key) not in written)
        if fits:
            found[alias] = keys
        before.append(alias)
    return found


def _key(value: Any, alias: str) -> str | None:
    sides = (value.this, value.expression) if isinstance(value, exp.EQ) else ()
    if not sides or not all(isinstance(side, exp.Column) for side in sides):
        return None
    same = sides[0].name == sides[1].name and alias in {side.table for side in sides}
    name: str = sides[0].name
    return name if same else None


def bare_columns(select: Select, using: Mapping[str, Sequence[str]]) -> set[Key]:
    """Return the columns that need no table before them."""
    written = _written(select) | {
        (node.table, node.name)
        for _, _, _, on in select.joins
        for value in on
        for node in value.find_all(exp.Column)
    }
    if not select.joins:
        return written
    if not all(name in select.known for name in select.names):
        return set()
    out = set()
    for table, name in written:
        have = sum(name in names for names in select.known.values())
        if have - sum(name in keys for keys in using.values()) == 1:
            out.add((table, name))
    return out


def _written(select: Select) -> set[Key]:
    values = [*select.columns.values(), *select.where, *(select.groups or ()), *select.order]
    return {(node.table, node.name) for value in values for node in value.find_all(exp.Column)}


def _condition(value: Any, text: str) -> str:
    return f"({text})" if isinstance(value, exp.Or) else text


def _filled(word: str, items: Sequence[str]) -> list[str]:
    """Return lines of items, several to a line where they are short."""
    lines, line = [], word
    for number, item in enumerate(items):
        piece = f" {item}" + ("," if number < len(items) - 1 else "")
        if line.strip() != word and line.strip() and len(line) + len(piece) > _WIDTH:
            lines.append(line)
            line = " "
        line += piece
    return [*lines, line]


def _listed(word: str, next_word: str, items: Sequence[str]) -> list[str]:
    return [f"{next_word if number else word} {item}" for number, item in enumerate(items)]
