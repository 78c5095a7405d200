"""What is known of the relations behind a query: their order, how often each is used, what is missing."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ibis.expr import operations as ops

from saasmetrics.engine.written.idioms import parts, recognized

if TYPE_CHECKING:
    from collections.abc import Iterator

    from saasmetrics.engine.portable.told import Steps

_COMPARISONS = (ops.Comparison, ops.Between, ops.InValues)


class Graph:
    """The relations that a query is made of; a table that keeps a step stands for what it was made from.

    Parameters
    ----------
    main
        The relation of the query.
    steps
        What temporary tables were made from, and the names of relations.
    """

    def __init__(self, main: Any, steps: Steps) -> None:
        self.main = main
        self._steps = steps
        self._solid: dict[tuple[Any, str], bool] = {}
        self._idle: frozenset[Any] = frozenset()
        self._idle = frozenset(self._adding_nothing())
        for name in ("order", "uses", "needed"):
            vars(self).pop(name, None)

    def tables(self, rel: Any) -> list[Any]:
        """Return the tables of a join that count, the first of them first."""
        return [table for table in _tables_of(rel) if table not in self._idle]

    def links(self, rel: Any) -> list[Any]:
        """Return how each table of a join that counts is joined to those before."""
        return [link for link in rel.rest if link.table not in self._idle]

    def _adding_nothing(self) -> Iterator[Any]:
        """Yield the right sides of joins that nothing is taken from: each row has one beside it there, or none."""
        for rel in self.order:
            if not isinstance(rel, ops.JoinChain):
                continue
            links = list(rel.rest)
            values = [value for name, value in rel.values.items() if name in self.needed[rel]]
            for link in links:
                others = [p for other in links if other is not link for p in other.predicates]
                used = {field.rel for value in (*values, *others) for field in fields(value)}
                if link.how == "left" and link.table not in used:
                    keys = {
                        f.name for p in link.predicates for f in fields(p) if f.rel == link.table
                    }
                    if self._is_unique(link.table, keys):
                        yield link.table

    def _is_unique(self, rel: Any, keys: set[str]) -> bool:
        """Return whether a relation has one row for each value of some columns, as those have that are grouped."""
        rel = self.resolved(rel)
        if isinstance(rel, ops.Aggregate):
            return {*rel.groups} <= keys
        if isinstance(rel, ops.Filter):
            return self._is_unique(rel.parent, keys)
        if isinstance(rel, ops.Project) and distinct_of(rel) is None:
            plain = {name: value for name, value in rel.values.items() if name in keys}
            same = all(isinstance(value, ops.Field) for value in plain.values())
            return same and self._is_unique(rel.parent, {value.name for value in plain.values()})
        return False

    def resolved(self, rel: Any) -> Any:
        """Return a relation, or what it stands for."""
        if isinstance(rel, ops.JoinReference):
            return self.resolved(rel.parent)
        if isinstance(rel, ops.DatabaseTable) and rel.name in self._steps.kept:
            return self.resolved(self._steps.kept[rel.name].op())
        return rel

    def named(self, rel: Any) -> tuple[str, str] | None:
        """Return the name of a relation and what it is in words, where it was given any."""
        return self._steps.named.get(rel)

    def parents(self, rel: Any) -> list[Any]:
        """Return the relations that one is made of."""
        same = distinct_of(rel)
        if same is not None:
            return [self.resolved(same)]
        if isinstance(rel, ops.JoinChain):
            return [self.resolved(table) for table in self.tables(rel)]
        if isinstance(rel, ops.Union):
            return [self.resolved(rel.left), self.resolved(rel.right)]
        return [self.resolved(rel.parent)] if hasattr(rel, "parent") else []

    @cached_property
    def order(self) -> list[Any]:
        """All relations, each after those that it is made of."""
        found: dict[Any, None] = {}

        def visit(rel: Any) -> None:
            if rel not in found:
                for parent in self.parents(rel):
                    visit(parent)
                found[rel] = None

        visit(self.resolved(self.main))
        return list(found)

    @cached_property
    def uses(self) -> Counter[Any]:
        """How often others are made of each relation."""
        return Counter(parent for rel in self.order for parent in self.parents(rel))

    @cached_property
    def needed(self) -> dict[Any, set[str]]:
        """The columns of each relation that the query comes to."""
        found: dict[Any, set[str]] = {rel: set() for rel in self.order}
        found[self.resolved(self.main)] = set(self.main.schema.names)
        for rel in reversed(self.order):
            for place, name in self._asked(rel, found[rel]):
                found[self.resolved(place)].add(name)
        return found

    def _asked(self, rel: Any, names: set[str]) -> Iterator[tuple[Any, str]]:
        """Yield the columns that some columns of a relation are made of, and those that decide on its rows."""
        same = distinct_of(rel)
        if same is not None:
            yield from ((same, name) for name in same.schema.names if name in rel.schema.names)
        elif isinstance(rel, ops.Union):
            yield from ((side, name) for side in (rel.left, rel.right) for name in names)
        elif isinstance(rel, (ops.Project, ops.JoinChain, ops.Aggregate)):
            for value in self._values(rel, names):
                yield from ((field.rel, field.name) for field in fields(value))
        elif hasattr(rel, "parent"):
            yield from ((rel.parent, name) for name in names)
            deciding = rel.predicates if isinstance(rel, ops.Filter) else getattr(rel, "keys", ())
            for value in deciding:
                yield from ((field.rel, field.name) for field in fields(value))

    def _values(self, rel: Any, names: set[str]) -> Iterator[Any]:
        """Yield the values of some columns, and those that decide which rows there are."""
        if isinstance(rel, ops.Aggregate):
            yield from rel.groups.values()
            yield from (value for name, value in rel.metrics.items() if name in names)
            return
        yield from (value for name, value in rel.values.items() if name in names)
        if isinstance(rel, ops.JoinChain):
            yield from (predicate for link in self.links(rel) for predicate in link.predicates)

    @cached_property
    def _weak(self) -> set[Any]:
        """What joins have on their right side where it may have no row."""
        chains = (rel for rel in self.order if isinstance(rel, ops.JoinChain))
        return {link.table for rel in chains for link in self.links(rel) if link.how == "left"}

    def never_null(self, value: Any) -> bool:
        """Return whether a value is never missing."""
        if isinstance(value, ops.Field):
            if value.rel in self._weak:
                return False
            return self._is_solid(self.resolved(value.rel), value.name)
        if isinstance(value, ops.Literal):
            return value.value is not None
        if isinstance(value, (ops.IsNull, ops.NotNull, ops.CountStar)):
            return True
        if isinstance(value, (ops.Lag, ops.Lead)):
            return False
        if isinstance(value, ops.Coalesce):
            return any(self.never_null(part) for part in value.arg)
        found = recognized(value)
        if found is not None and found[0] == "days":
            return self.never_null(found[1]["m"])
        if isinstance(value, ops.SearchedCase):
            (first, *others), last = value.cases, value.default
            if not others and isinstance(first, ops.NotNull) and self.never_null(first.arg):
                return self.never_null(value.results[0])
            return all(self.never_null(part) for part in (*value.results, last))
        if isinstance(value, ops.IfElse):
            return all(self.never_null(p) for p in (value.true_expr, value.false_null_expr))
        if isinstance(value, ops.WindowFunction):
            return self.never_null(value.func)
        return all(self.never_null(part) for part in parts(value))

    def _is_solid(self, rel: Any, name: str) -> bool:
        key = (rel, name)
        if key not in self._solid:
            self._solid[key] = self._looked_at(rel, name)
        return self._solid[key]

    def _looked_at(self, rel: Any, name: str) -> bool:
        if isinstance(rel, ops.Filter) and any(_tells(p, rel.parent, name) for p in rel.predicates):
            return True
        if isinstance(rel, (ops.Project, ops.JoinChain)) and distinct_of(rel) is None:
            return self.never_null(rel.values[name])
        if isinstance(rel, ops.Aggregate):
            return self.never_null({**rel.groups, **rel.metrics}[name])
        found = self.parents(rel)
        return bool(found) and all(self._is_solid(parent, name) for parent in found)


def _tables_of(rel: Any) -> list[Any]:
    """Return the tables of a join, the first of them first."""
    return [rel.first, *(link.table for link in rel.rest)]


def distinct_of(rel: Any) -> Any:
    """Return what a relation has the different rows of; None for any other relation.

    Narwhals asks for different rows as the first of each kind, by a number that it drops.
    """
    if isinstance(rel, ops.Distinct):
        return rel.parent
    if not isinstance(rel, ops.DropColumns) or not isinstance(rel.parent, ops.Filter):
        return None
    numbered = rel.parent.parent
    if not isinstance(numbered, ops.Project) or len(rel.columns_to_drop) != 1:
        return None
    made = {n: v for n, v in numbered.values.items() if n not in rel.columns_to_drop}
    (number,) = (numbered.values.get(name) for name in rel.columns_to_drop)
    if not any(isinstance(part, ops.RowNumber) for part in _deep(number)):
        return None
    plain = all(isinstance(v, ops.Field) and v.name == n for n, v in made.items())
    return numbered.parent if plain and {*made} == {*numbered.parent.schema.names} else None


def fields(value: Any) -> Iterator[Any]:
    """Yield the columns that a value is made of."""
    if isinstance(value, ops.Field):
        yield value
    else:
        for part in parts(value):
            yield from fields(part)


def _deep(value: Any) -> Iterator[Any]:
    yield value
    for part in () if isinstance(value, ops.Field) else parts(value):
        yield from _deep(part)


def _tells(predicate: Any, rel: Any, name: str) -> bool:
    """Whether only rows with a value in a column fit a predicate."""
    if isinstance(predicate, ops.And):
        return any(_tells(part, rel, name) for part in predicate.args)
    if isinstance(predicate, ops.Not) and isinstance(predicate.arg, ops.IsNull):
        predicate = ops.NotNull(predicate.arg.arg)
    compared = parts(predicate) if isinstance(predicate, (*_COMPARISONS, ops.NotNull)) else ()
    return any(
        isinstance(part, ops.Field) and part.rel == rel and part.name == name for part in compared
    )
