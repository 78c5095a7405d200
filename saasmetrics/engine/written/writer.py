"""From relations of Ibis to steps of a WITH: named as they are in the definition, each once, with what it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ibis.expr import operations as ops
from sqlglot import exp

from saasmetrics.engine.written.graph import Graph, distinct_of
from saasmetrics.engine.written.layout import Text
from saasmetrics.engine.written.selects import (
    LIGHT,
    Select,
    conditions,
    constants,
    copies,
    counts,
    put,
)
from saasmetrics.engine.written.shorter import is_constant
from saasmetrics.engine.written.values import Values, column, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.engine.portable.told import Steps

_FEW = 2  # columns that are rather named than called all
_JOINS = {"inner": "JOIN", "left": "LEFT JOIN", "cross": "CROSS JOIN"}


@dataclass(frozen=True)
class Step:
    """A named step: its text, what it is, its columns, and those that are the same in all rows."""

    name: str
    text: str
    said: str
    columns: tuple[str, ...]
    same: Mapping[str, Any]
    often: bool


class Writer:
    """Write a query as steps and a last SELECT.

    Parameters
    ----------
    query
        A query of Ibis.
    steps
        What its temporary tables are made from, and what its relations are called.
    dialect
        The name of a dialect.
    tables
        Where tables are, by their names here.
    """

    def __init__(self, query: Any, steps: Steps, dialect: str, tables: Mapping[str, Any]) -> None:
        self.graph = Graph(query.op(), steps)
        self.values = Values(dialect, self.graph.never_null)
        self.text = Text(dialect)
        self.steps: list[Step] = []
        self.read: set[str] = set()
        self._tables = tables
        self._made: dict[Any, Step] = {}
        self._within = ["answer"]
        self._names = {rel.name for rel in self.graph.order if not self.graph.parents(rel)}
        self._names |= {table.name for table in tables.values()}
        main = self.graph.resolved(query.op())
        last = self._built(main)
        self.last = self.text.of(last, [n for n in main.schema.names if n in last.columns])

    def _built(self, rel: Any) -> Select:
        """Return the SELECT of a relation, which others may go on from."""
        rel = self.graph.resolved(rel)
        if rel in self._made:
            return _from(self._made[rel])
        if not self.graph.parents(rel):
            return self._table(rel)
        named = self.graph.named(rel)
        if named is not None:
            self._within.append(self._free(named[0]))
        made = self._of(rel)
        name = self._within.pop() if named is not None else ""
        shared = self.graph.uses[rel] > 1 and not made.plain
        if named is None and not shared:
            return made
        said, last = named[1] if named is not None else "", self.steps[-1] if self.steps else None
        alone = all(step is not last for step in self._made.values())  # or others call it so
        if last and alone and name and made.is_all_of(last.name, last.columns):
            self._names.discard(last.name)
            step = replace(last, name=name, said=said, often=shared)
            kept = {n: v for n, v in made.columns.items() if n not in last.columns}
            self.steps[-1] = self._made[rel] = replace(step, same={**last.same, **_bare(kept)})
        else:
            self._made[rel] = self._step(made, name, said, often=shared)
        return _from(self._made[rel])

    def _free(self, name: str) -> str:
        """Return a name that no table and no step has, and keep it for a step."""
        number, free = 2, name
        while free in self._names:
            free, number = f"{name}_{number}", number + 1
        self._names.add(free)
        return free

    def _free_level(self) -> str:
        number = 1
        while f"{self._within[-1]}_{number}" in self._names:
            number += 1
        return self._free(f"{self._within[-1]}_{number}")

    def _of(self, rel: Any) -> Select:
        same = distinct_of(rel)
        if same is not None:
            return self._distinct(same, self.graph.needed[rel])
        kind = type(rel).__name__.lower()
        made: Select = getattr(self, f"_{kind}")(rel)
        return made

    def _table(self, rel: Any) -> Select:
        if isinstance(rel, ops.InMemoryTable):
            return self._listed(rel)
        self.read.add(rel.name)
        table = self._tables.get(rel.name)
        if table is None:
            table = exp.Table(this=exp.to_identifier(rel.name, quoted=True))
        own = {name: column(name, table.name) for name in rel.schema.names}
        return Select((table.name, table), own)

    def _listed(self, rel: Any) -> Select:
        """Return the rows of a short table as a step that has them as its text."""
        names = tuple(rel.schema.names)
        rows = rel.data.to_pyarrow(rel.schema).to_pylist()
        found = self.graph.named(rel)
        name, said = found if found is not None else (rel.name, "")
        text = self.text.rows(names, [[row[n] for n in names] for row in rows])
        step = Step(self._free(name), text, said, names, {}, often=False)
        self._made[rel] = self._added(step)
        return _from(step)

    def _step(
        self, select: Select, name: str, said: str, *, often: bool = False, whole: bool = False
    ) -> Step:
        """Add a step, and return it; one without a name is a part of the one around it.

        `whole`: with the columns that are the same in all rows.
        """
        same, twice = {} if whole else constants(select), copies(select)
        names = tuple(n for n in select.columns if n not in same and n not in twice)
        columns, star = names, _keeps_all(select, names)
        if star:
            own = select.known[select.source[0]]
            names = tuple(n for n in names if n not in own)
            columns = (*sorted(own), *names)
        text = self.text.of(select, names, star=star)
        alike = {**same, **{n: column(other) for n, other in twice.items()}}
        told = said or _described(select, names)
        return self._added(Step(name or self._free_level(), text, told, columns, alike, often))

    def _added(self, step: Step) -> Step:
        self.steps.append(step)
        return step

    def _level(self, select: Select, *, whole: bool = False) -> Select:
        """Return what goes on from the rows of a SELECT, as a step of its own."""
        return _from(self._step(select, "", "", whole=whole))

    def _project(self, rel: Any) -> Select:
        needed = self.graph.needed[rel]
        values = {n: self.values.of(v) for n, v in rel.values.items() if n in needed}
        return self._with(self._built(rel.parent), values)

    def _with(self, select: Select, values: Mapping[str, Any]) -> Select:
        """Return a SELECT with other columns, made of its own."""
        looks = [value for value in values.values() if value.find(exp.Window)]
        again = select.windowed and any(
            node.find(exp.Window)
            for value in looks
            for name in counts([value])
            if (node := select.columns.get(name)) is not None
        )
        grouped = select.groups is not None and bool(looks)
        if select.distinct or again or grouped or select.is_heavy(counts(values.values())):
            select = self._level(select)
        known = select.places()
        select.columns = {name: put(value, known) for name, value in values.items()}
        return select

    def _filter(self, rel: Any) -> Select:
        select = self._built(rel.parent)
        needed = self.graph.needed[rel]
        found = [self.values.of(predicate) for predicate in rel.predicates]
        asked = counts(found)
        asked.update({name: 1 for name in asked if name in needed})
        light = LIGHT if select.groups is None else LIGHT * 2
        if select.distinct or select.windowed or select.is_heavy(asked, light):
            select = self._level(select)
        known = select.places()
        kept = [part for value in found for part in conditions(put(value, known))]
        (select.where if select.groups is None else select.having).extend(kept)
        return self._only(select, needed)

    def _aggregate(self, rel: Any) -> Select:
        select = self._built(rel.parent)
        needed = self.graph.needed[rel]
        groups = {name: self.values.of(value) for name, value in rel.groups.items()}
        sums = {n: self.values.of(v) for n, v in rel.metrics.items() if n in needed}
        values = {**groups, **sums}
        if select.closed or select.windowed or select.is_heavy(counts(values.values())):
            select = self._level(select)
        known = select.places()
        select.columns = {name: put(value, known) for name, value in values.items()}
        varying = [select.columns[n] for n in groups if not is_constant(select.columns[n])]
        select.groups = varying
        if groups and not varying:
            some = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(0))
            select.having.append(some)
        return select

    def _joinchain(self, rel: Any) -> Select:
        links = self.graph.links(rel)
        hows = ["", *(link.how for link in links)]
        select: Select | None = None
        known: dict[tuple[str, str], Any] = {}
        for table, how in zip(self.graph.tables(rel), hows, strict=True):
            if how in ("semi", "anti"):
                link = next(link for link in links if link.table is table)
                assert select is not None
                self._beside(select, table, link, known)
                continue
            part = self._operand(self._built(table.parent), how)
            if select is None:
                select = part
            else:
                part = _with_free_name(part, select.names)
                select.where += part.where
                select.known |= part.known
                select.joins.append((_JOINS[how], part.source[0], part.source[1], []))
            known.update(part.places(place_of(table)))
            if how in ("inner", "left"):
                link = next(link for link in links if link.table is table)
                on = [c for p in link.predicates for c in conditions(put(self.values.of(p), known))]
                select.joins[-1][3].extend(on)
        assert select is not None
        needed = self.graph.needed[rel]
        select.columns = {
            n: put(self.values.of(v), known) for n, v in rel.values.items() if n in needed
        }
        return select

    def _operand(self, select: Select, how: str) -> Select:
        """Return a table that can be joined."""
        fits = not (select.closed or select.windowed)
        if how:
            fits = fits and not select.joins
        if how == "left":
            columns = select.columns.values()
            fits = fits and not select.where and all(isinstance(v, exp.Column) for v in columns)
        # What is the same in all rows is missing where a left join finds none.
        return select if fits else self._level(select, whole=how == "left")

    def _beside(self, select: Select, table: Any, link: Any, known: Mapping[Any, Any]) -> None:
        """Keep the rows that have, or have not, others beside them."""
        part = self._operand(self._built(table.parent), "left")
        several = len(link.predicates) > 1 and link.how == "semi"
        if several:  # not every system looks for several values IN a table
            part.distinct = True
            part = self._level(part)
        part = _with_free_name(part, select.names)
        both = {**known, **part.places(place_of(table))}
        on = [c for p in link.predicates for c in conditions(put(self.values.of(p), both))]
        mine = [
            node
            for value in on
            for node in value.find_all(exp.Column)
            if node.table == part.source[0]
        ]
        if several:
            select.joins.append((_JOINS["inner"], part.source[0], part.source[1], on))
            select.known |= part.known
            return
        if link.how == "anti":  # NOT IN would leave out all where a value is missing
            select.joins.append((_JOINS["left"], part.source[0], part.source[1], on))
            select.known |= part.known
            select.where.append(exp.Is(this=mine[0].copy(), expression=exp.Null()))
            return
        (only,) = on
        other = only.this if only.expression == mine[0] else only.expression
        inner = exp.select(mine[0].copy()).from_(_as(part.source[1], part.source[0]))
        select.where.append(exp.In(this=other, query=exp.Subquery(this=inner)))

    def _union(self, rel: Any) -> Select:
        sides = [
            self._operand_of_union(side)
            for side in (*self._sides(rel.left), *self._sides(rel.right))
        ]
        names = [n for n in rel.schema.names if n in self.graph.needed[rel]]
        same = {
            n: sides[0].columns[n]
            for n in constants(sides[0])
            if all(side.columns[n] == sides[0].columns[n] for side in sides)
        }
        kept = tuple(n for n in names if n not in same)
        text = "\nUNION ALL\n".join(self.text.of(side, kept) for side in sides)
        step = Step(self._free_level(), text, "all of these", kept, same, often=False)
        return _from(self._added(step))

    def _sides(self, rel: Any) -> list[Any]:
        """Return what is put below each other, not what is used or named by itself."""
        rel = self.graph.resolved(rel)
        alone = self.graph.uses[rel] <= 1 and self.graph.named(rel) is None
        if isinstance(rel, ops.Union) and alone:
            return [*self._sides(rel.left), *self._sides(rel.right)]
        return [rel]

    def _operand_of_union(self, rel: Any) -> Select:
        select = self._built(rel)
        return self._level(select) if select.order else select

    def _distinct(self, same: Any, needed: set[str]) -> Select:
        select = self._built(same)
        if select.closed or select.windowed:
            select = self._level(select)
        select.distinct = True
        return (
            select
            if len(select.columns) == len(needed)
            else self._only(self._level(select), needed)
        )

    def _dropcolumns(self, rel: Any) -> Select:
        return self._only(self._built(rel.parent), self.graph.needed[rel])

    def _sort(self, rel: Any) -> Select:
        select = self._built(rel.parent)
        if select.distinct:
            select = self._level(select)
        known = select.places()
        select.order = [put(self.values.sorted_by(key), known) for key in rel.keys]
        return select

    def _only(self, select: Select, needed: set[str]) -> Select:
        if select.distinct and len(needed) < len(select.columns):
            select = self._level(select)
        select.columns = {n: v for n, v in select.columns.items() if n in needed}
        return select


def _from(step: Step) -> Select:
    """Return a SELECT of everything in a step."""
    table = exp.Table(this=exp.to_identifier(step.name, quoted=True))
    columns = {name: column(name, step.name) for name in step.columns}
    for name, value in step.same.items():
        is_copy = isinstance(value, exp.Column)
        columns[name] = column(value.name, step.name) if is_copy else value.copy()
    return Select((step.name, table), columns, known={step.name: frozenset(step.columns)})


def _bare(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns as a step knows those that are copies or constants."""
    return {n: column(v.name) if isinstance(v, exp.Column) else v for n, v in columns.items()}


def _keeps_all(select: Select, names: Sequence[str]) -> bool:
    """Return whether a SELECT has all columns of its only source as they are, or could have them."""
    name = select.source[0]
    if select.joins or select.closed or name not in select.known:
        return False
    own = {n for n in names if isinstance(v := select.columns[n], exp.Column) and v.name == n}
    return not ({*names} - own) & select.known[name] and len(select.known[name]) > _FEW


def _as(table: Any, alias: str) -> Any:
    return exp.alias_(table.copy(), alias, table=True, quoted=True)


def _with_free_name(part: Select, taken: Sequence[str]) -> Select:
    number, name = 2, part.source[0]
    while name in taken:
        name, number = f"{part.source[0]}_{number}", number + 1
    return part if name == part.source[0] else part.renamed(name)


def _described(select: Select, names: Sequence[str]) -> str:
    """Return what a step without a name of its own does."""
    new = [n for n in names if not isinstance(select.columns[n], exp.Column)]
    if select.groups:
        by = [n for n in names if select.columns[n] in select.groups]
        return f"one row per {', '.join(by)}"
    return f"with {', '.join(new)}" if new else "the rows that count"
