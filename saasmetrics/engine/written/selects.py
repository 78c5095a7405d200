"""One SELECT: where its rows are from, which of them, its columns, and its text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from saasmetrics.engine.written.shorter import is_constant, shorter
from saasmetrics.engine.written.values import column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Key = tuple[str, str]

_OFTEN = 2
LIGHT = 36  # characters of what is rather written twice than given a name
_WIDTH = 100


@dataclass
class Select:
    """A SELECT before it is text. Its expressions are of columns of its sources, each with the name of its source.

    `known` has all columns of a source, where that has no others.
    """

    source: tuple[str, Any]
    columns: dict[str, Any]
    joins: list[tuple[str, str, Any, list[Any]]] = field(default_factory=list)
    where: list[Any] = field(default_factory=list)
    groups: list[Any] | None = None
    having: list[Any] = field(default_factory=list)
    distinct: bool = False
    order: list[Any] = field(default_factory=list)
    known: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def windowed(self) -> bool:
        """Whether a column looks at other rows."""
        return any(value.find(exp.Window) for value in self.columns.values())

    @property
    def closed(self) -> bool:
        """Whether what follows needs its rows as they come out."""
        return self.groups is not None or self.distinct or bool(self.order)

    @property
    def plain(self) -> bool:
        """Whether it only picks columns of one table, or adds constants."""
        only = not (self.closed or self.joins or self.where)
        return only and all(
            isinstance(v, exp.Column) or is_constant(v) for v in self.columns.values()
        )

    def is_all_of(self, name: str, columns: Sequence[str]) -> bool:
        """Return whether it is some columns of a table as they are, and no more."""
        if not self.plain or self.source[0] != name:
            return False
        found = {n: v for n, v in self.columns.items() if not is_constant(v)}
        same = (value.name in found for value in found.values())
        return all(same) and {value.name for value in found.values()} == {*columns}

    @property
    def names(self) -> list[str]:
        """The names of its sources."""
        return [self.source[0], *(alias for _, alias, _, _ in self.joins)]

    def places(self, place: str = "") -> dict[Key, Any]:
        """Return its columns by the place and name that others know them by."""
        return {(place, name): value for name, value in self.columns.items()}

    def is_heavy(self, names: Mapping[str, int], light: int = LIGHT) -> bool:
        """Whether a column would be written several times that is long."""
        return any(
            many > 1 and name in self.columns and _is_long(self.columns[name], light)
            for name, many in names.items()
        )

    def renamed(self, alias: str) -> Select:
        """Return the same from its only source under another name."""

        def moved(node: Any) -> Any:
            return column(node.name, alias) if isinstance(node, exp.Column) else node

        columns = {name: value.copy().transform(moved) for name, value in self.columns.items()}
        where = [value.copy().transform(moved) for value in self.where]
        known = {alias: self.known[self.source[0]]} if self.known else {}
        return Select((alias, self.source[1]), columns, where=where, known=known)


def _is_long(value: Any, light: int) -> bool:
    return not isinstance(value, exp.Column) and len(value.sql()) > light


def counts(values: Iterable[Any]) -> Counter[str]:
    """Return how often each column is written in some expressions."""
    different = {value.sql(): value for value in values}.values()
    return Counter(node.name for value in different for node in value.find_all(exp.Column))


def put(value: Any, known: Mapping[Key, Any]) -> Any:
    """Return an expression with its columns replaced by what they are."""

    def made(node: Any) -> Any:
        if isinstance(node, exp.Column) and (node.table, node.name) in known:
            return known[node.table, node.name].copy()
        return node

    return shorter(value.copy().transform(made))


def conditions(value: Any) -> list[Any]:
    """Return what has to hold at once; nothing of what always does."""
    if isinstance(value, exp.And):
        return [*conditions(value.this), *conditions(value.expression)]
    return [] if isinstance(value, exp.Boolean) and value.this else [value]


def repeated(select: Select) -> dict[str, Any]:
    """Return windows that are written several times, by a name for each."""
    found: dict[str, list[Any]] = {}
    for value in select.columns.values():
        for node in value.find_all(exp.Window):
            found.setdefault(_window(node).sql(), []).append(node)
    often = [nodes[0] for nodes in found.values() if len(nodes) > _OFTEN]
    return {f"w{number}": node for number, node in enumerate(often, 1)}


def _window(node: Any) -> Any:
    """Return the window of a function, without the function."""
    window = node.copy()
    window.set("this", None)
    return window


def constants(select: Select) -> dict[str, Any]:
    """Return the columns that are the same in all rows, unless all are."""
    found = {name: value for name, value in select.columns.items() if is_constant(value)}
    return found if len(found) < len(select.columns) else {}


def copies(select: Select) -> dict[str, str]:
    """Return the columns that are as another one before them, with its name."""
    first: dict[str, str] = {}
    varying = {n: value for n, value in select.columns.items() if not is_constant(value)}
    found = {n: first.setdefault(value.sql(), n) for n, value in varying.items()}
    return {name: other for name, other in found.items() if name != other}
