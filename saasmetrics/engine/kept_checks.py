"""The findings of the gate, kept; those of later months are added to those of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.cache.problems import problem_of, words_of
from saasmetrics.engine.columns import days, flat
from saasmetrics.engine.extended import entities
from saasmetrics.tables import gate
from saasmetrics.tables.findings import SHOWN
from saasmetrics.tables.gate import extract, keys
from saasmetrics.tables.gate.view import Gate, View
from saasmetrics.tables.runs import is_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from saasmetrics.cache.entries import Entry
    from saasmetrics.cache.shelf import Origin
    from saasmetrics.cache.store import Cache
    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Finding = Callable[[Gate], Iterable[Problem]]

__all__ = ["Asked", "check", "said_of"]

_BACK = 3  # files that may have been added since
# What these find in rows that share no month with earlier ones comes to what they found in those.
_BY_MONTH: tuple[Finding, ...] = (keys.repeated_keys, keys.repeated_rows)
# What these find in the first month stands, whatever comes later.
_AT_FIRST: tuple[Finding, ...] = (extract.left_truncation,)


@dataclass(frozen=True)
class Asked:
    """What the gate is asked: as for `gate.check`."""

    tables: Mapping[str, Table]
    as_of: int
    currency: str
    policy: Policy
    guessed: bool

    def gate(self) -> Gate:
        """Return everything that the findings may look at."""
        views = {name: View(table) for name, table in self.tables.items()}
        return Gate(views, self.as_of, self.currency, self.policy, self.guessed)


def check(cache: Cache, asked: Asked, origins: Sequence[Origin]) -> list[Problem]:
    """Return the findings of the gate, from where they were kept or looked for now.

    Parameters
    ----------
    cache
        Where they are kept.
    asked
        The question.
    origins
        Where the rows of all tables are from.
    """
    said = said_of(asked.tables)
    how = (asked.as_of, asked.currency, asked.policy.hash, asked.guessed)
    names = ("checks", [origin.named() for origin in origins], said, *how)
    kept = cache.get(*names)
    if kept is not None:
        found = [(_FINDINGS[name], _problem(each, asked, name)) for name, each in kept.said]
        return gate.in_order(found)
    view = asked.gate()
    cube = next((origin for origin in origins if origin.table == "mrr"), None)
    if cube is not None and is_runs(asked.tables["mrr"].data):
        cube = None  # whose rows are of several months each
    if cube is not None:
        _continued(cache, view, cube, asked)
    found = gate.found_by(view)
    words = [(_name(finding), words_of(problem)) for finding, problem in found]
    if all(each is not None for _, each in words):
        cache.put(words, [], *names)
        if cube is not None:
            _keep_cube(cache, view.views["mrr"], cube, found)
    return gate.in_order(found)


def said_of(tables: Mapping[str, Table]) -> list[Any]:
    """Return what a finding may say of tables beside their rows, in the order of their names."""
    return [_said(table) for _, table in sorted(tables.items())]


def _said(table: Table) -> list[Any]:
    """Return what a finding may say of a table beside its rows."""
    marks = (table.notes, table.zones, table.left_out, table.places, table.parts, table.renamed)
    return [
        str(table.snapshots),
        table.lines,
        *(list(m) if isinstance(m, tuple) else dict(m) for m in marks),
    ]


def _name(finding: Finding) -> str:
    return f"{finding.__module__}.{finding.__name__}"


_FINDINGS: dict[str, Finding] = {_name(finding): finding for finding in gate.FINDINGS}


def _problem(words: Mapping[str, Any], asked: Asked, finding: str) -> Problem:
    return problem_of(words, partial(_again, asked, finding))


def _again(asked: Asked, finding: str, problem: Problem) -> Any:
    """Look again for the rows behind a finding."""
    return next(each.lines for each in _FINDINGS[finding](asked.gate()) if each == problem)


def _keep_cube(
    cache: Cache, view: View, origin: Origin, found: Sequence[tuple[Finding, Problem]]
) -> None:
    """Keep what later months are added to: who has which number, and findings of months."""
    if not view.has("customer_id", "month") or view.table.data["month"].null_count:
        return
    mine = (*_BY_MONTH, *_AT_FIRST)
    words: dict[str, Any] = {
        _name(finding): [words_of(p) for f, p in found if f is finding and p.table == "mrr"]
        for finding in mine
    }
    words["months"] = int(view.months("month").max()) if view.size else None
    names = pa.table({"id": view.names("customer_id")})
    codes = pa.table({"code": pa.array(view.codes("customer_id"))})
    cache.put(words, [names, codes], "checks of months", origin.named())


def _continued(cache: Cache, every: Gate, origin: Origin, asked: Asked) -> None:
    """Tell the gate what is known of the rows of all files but the last ones, if that is kept."""
    parts, table = len(origin.parts), every.views["mrr"].table
    for fewer in range(parts - 1, max(parts - _BACK, 1) - 1, -1):
        kept = cache.get("checks of months", origin.named(fewer))
        if kept is None:
            continue
        rows = sum(many for _, many in origin.parts[:fewer])
        if _is_later(table.data["month"].slice(rows), kept.said["months"]):
            _tell(every.views["mrr"], kept, rows, asked)
            return


def _is_later(month: pa.ChunkedArray, last: int | None) -> bool:
    """Return whether some rows are there, and are of later months than the last one before."""
    if last is None or month.null_count or not len(month):
        return False
    return bool(np.datetime64(int(days(month).min()), "D") >= np.datetime64(last + 1, "M"))


def _tell(view: View, kept: Entry, rows: int, asked: Asked) -> None:
    table = view.table
    names, codes = (flat(each.column(0)) for each in kept.tables)
    ids = table.data["customer_id"].slice(rows)
    if names.type != ids.type:
        return
    both, more = entities(names, ids)
    view.know_codes("customer_id", np.concatenate([np.asarray(codes), more]), both)
    tail = replace(table, data=table.data.slice(rows))
    told = table.__dict__.setdefault("_found", {})
    for finding in _AT_FIRST:
        said = kept.said[_name(finding)]
        if said and all(each["first"] is not None for each in said):
            told[finding, None] = tuple(_placed(each, table, asked, finding) for each in said)
    for finding in _BY_MONTH:
        new = [words_of(problem) for problem in finding(Gate({"mrr": View(tail)}))]
        said = kept.said[_name(finding)]
        if all(each is not None and each["first"] is not None for each in [*said, *new]):
            added = _added(said, new, rows)
            told[finding, None] = tuple(_placed(each, table, asked, finding) for each in added)


def _added(old: list[Any], new: list[Any], rows: int) -> list[Any]:
    """Return the problems of earlier rows with those of later ones, which begin at a row."""
    shifted = [{**each, "first": [n + rows for n in each["first"]]} for each in new]
    if not old or not new:
        return old or shifted
    (one,), (two,) = old, shifted  # these findings say one thing of a table
    many = one["problem"]["rows"] + two["problem"]["rows"]
    return [
        {
            **one,
            "problem": {**one["problem"], "rows": many},
            "examples": [*one["examples"], *two["examples"]][:SHOWN],
            "first": [*one["first"], *two["first"]][:SHOWN],
        }
    ]


def _placed(words: Mapping[str, Any], table: Table, asked: Asked, finding: Finding) -> Problem:
    found = _problem(words, asked, _name(finding))
    return replace(found, place=table.place(found.column, words["first"]))
