"""SQL of the cubes behind a number: one statement per cube, with what it is and what to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from saasmetrics.engine.service import FAR
from saasmetrics.errors import DataError, MissingExtraError, UnknownNameError, hint
from saasmetrics.periods import iso_day
from saasmetrics.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.engine.portable.told import Steps
    from saasmetrics.recording import Ask, Asked

DIALECTS = (
    "duckdb",
    "postgres",
    "bigquery",
    "snowflake",
    "databricks",
    "clickhouse",
    "trino",
    "spark",
)
_BRIDGE = (
    "opening + new + reactivation + expansion + contraction + churn + pause + transfer = closing"
)
_RATES = "NRR = closing / opening, GRR = kept / opening, logo churn = customers_lost / customers"
_WINDOWED = (
    "movements",
    "pairs",
    "triangle",
    "lifetimes",
    "due_cells",
)  # whose text begins where the book does
_USES = {
    "movements": f"{_BRIDGE}; losses are negative. A period without a row has no movements",
    "pairs": "opening is MRR a window before, closing MRR now of the same customers, kept the smaller of both, each "
    f"summed over customers: {_RATES}. A period without a row is as the one before",
    "triangle": "customers and mrr of a cohort at an age, over those at age 0; floor is the lowest MRR so far of each "
    "customer; where exchange rates move, it and constant are at those of the cohort's period, as net retention "
    "is. An age without a row is as the one before",
    "ages": "customers and mrr at an age, and all that were won (won), of those old enough; an age without a row is as "
    "the one before, but for oldest: the MRR of those who are not older yet, 0 without a row",
    "lifetimes": "event is 1 where the customer left after duration periods, 0 where it is still there; entry is its "
    "age when it was first observed; cause is 1 voluntary, 2 involuntary, 0 unknown",
    "terms": "terms and MRR that ended in the period, by what became of them",
    "due_cells": "of the terms that end in the period, atr = renewed + downsell + lost + open; what renewals add "
    "beyond it is escalator + mid_term + upsell. Gross rate = renewed / (atr - open), net rate = (renewed + escalator "
    "+ upsell) / (atr - open), logo rate = customers_renewed / (customers - customers_open). Steps that repeat, of "
    "terms that renew themselves and contracts that renew several, are there as often as the tables need now",
}
# What a number follows that no SQL is written for, by the question to the engine; any other is of single customers.
_BEHIND = {
    **dict.fromkeys(("renewals", "contract_terms"), "renewals of contracts"),
    **dict.fromkeys(("due_before", "due_terms", "due_history"), "renewals of contracts"),
    "term_numbers": "renewals of subscriptions",
    "waits": "days from sign-up to the first payment",
    "reasons": "reasons why MRR of each customer changed",
}
_HAVE_SQL = (
    "What is summed from MRR has SQL: bridges, retention and churn rates, cohorts, survival curves."
)


@dataclass(frozen=True)
class _Made:
    """The query of a cube, before it is written in a dialect: its steps, and what its causes are called."""

    query: Any
    steps: Steps
    causes: tuple[str, ...]


_MADE: WeakKeyDictionary[Any, dict[tuple[str, str], _Made]] = WeakKeyDictionary()


def statements(result: Any, dialect: str, tables: Mapping[str, str] | None = None) -> str:
    """Return the SQL of the cubes behind a result; see `Result.sql`."""
    if dialect not in DIALECTS:
        msg = f"There is no dialect {dialect!r}; there are {', '.join(DIALECTS)}."
        raise UnknownNameError(msg + hint(dialect, list(DIALECTS)))
    try:
        import ibis  # noqa: F401
    except ImportError as error:
        raise MissingExtraError.of("ibis-framework", "warehouse", "SQL of a number") from error
    if not isinstance(tables or {}, Mapping):
        msg = f'tables={tables!r} is no mapping: write tables={{"mrr": "finance.cube"}}.'
        raise DataError(msg)
    book = result.asked.book
    written = [_statement(result, book, ask, dialect, tables or {}) for ask in _asks(result)]
    return "\n\n".join(written)


def _asks(result: Any) -> Sequence[Ask]:
    """Return the cubes that a result is made of, each once; refuse one that is made of anything else."""
    asked: Asked = result.asked
    other = [ask.name for ask in asked.asks if ask.name not in _USES]
    if other or not asked.asks:
        behind = list(dict.fromkeys(_BEHIND.get(name, "single customers") for name in other))
        made = f"follows {' and '.join(behind)}" if other else "is not summed from MRR"
        rows = "" if result.drill is None else " The rows behind it are in .rows()."
        msg = f"{result.metric.name} {made}, so there is no SQL for it. {_HAVE_SQL}{rows}"
        raise DataError(msg)
    whole = {ask.name for ask in asked.asks} - set(_WINDOWED)
    if whole and asked.book.since_day is not None:
        msg = f"The SQL of {result.metric.name} cannot begin at the first day of between(...). "
        msg += "Ask for it of the book before between, cut by as_of at most."
        raise DataError(msg)
    found = {}
    for ask in asked.asks:
        found[id(ask.engine), *_key(ask)] = ask
    return list(found.values())


def _statement(result: Any, book: Any, ask: Ask, dialect: str, tables: Mapping[str, str]) -> str:
    from saasmetrics.engine.written.text import compiled

    made = _made(book, ask)
    body, read = compiled(made.query, made.steps, dialect, tables)
    return "\n".join([*_header(result, book, ask, read, made.causes), f"{body};"])


def _made(book: Any, ask: Ask) -> _Made:
    """Return the query of a cube, built once: building takes most of the time, and is the same for every dialect."""
    kept = _MADE.setdefault(ask.engine, {})
    key = _key(ask)
    if key not in kept:
        kept[key] = _built(book, ask)
    return kept[key]


def _built(book: Any, ask: Ask) -> _Made:
    from saasmetrics.engine.written import cells, due
    from saasmetrics.engine.written.shadow import shadow

    engine, of_terms = ask.engine, ask.name == "due_cells"
    cube = getattr(due if of_terms else cells, ask.name)
    with shadow(book, engine, ("contracts",) if of_terms else ()) as (portable, steps):
        known = {"since": engine._since, "as_of": engine.as_of}  # noqa: SLF001
        more = {name: value for name, value in known.items() if name in signature(cube).parameters}
        query = cube(portable, engine.policy, **{**_given(ask), **more})
        names = portable.cause_names(ask.arguments["cause"]) if "cause" in ask.arguments else ()
    return _Made(query, steps, tuple(names))


def _key(ask: Ask) -> tuple[str, str]:
    """Return what tells apart the questions to one engine."""
    return ask.name, str(sorted(_given(ask).items()))


def _given(ask: Ask) -> dict[str, Any]:
    """Return the arguments that a statement follows: the bags of a group add up to it, and stops are some periods."""
    return {name: value for name, value in ask.arguments.items() if name not in ("bags", "stops")}


def _told(ask: Ask) -> dict[str, Any]:
    """Return the arguments by the names under which metrics take them."""
    given = _given(ask)
    asked = given.pop("asked", None)
    if asked is None:
        return given
    days = {"grace_days": asked.window.grace, "early_days": asked.window.early}
    return {"freq": asked.freq, "by": asked.by, "terms": asked.terms, **days}


def _header(
    result: Any, book: Any, ask: Ask, read: Sequence[str], causes: Sequence[str]
) -> list[str]:
    """Return comments: which number, by which definition, and what to do with the rows."""
    policy, engine = ask.engine.policy, ask.engine
    given = ", ".join(f"{name}={value!r}" for name, value in _told(ask).items() if value)
    only = [f"Only {' and '.join(book.scope)}."] if book.scope else []
    since = book.since_day
    window = (
        [f"Observed from {iso_day(since)} to {iso_day(engine.as_of)}."] if since is not None else []
    )
    named = [f"Causes: {', '.join(f'{n} {c}' for n, c in enumerate(causes))}."] if causes else []
    said = [
        f"{result.metric.name}: {result.metric.formula}.",
        f"Cube {ask.name}({given}): {_USES[ask.name]}.",
        f"Policy {policy.name} v{policy.version}, as of {iso_day(engine.as_of)}.",
        f"Written by saasmetrics {__version__} for tables with its columns: {', '.join(read)}.",
        f"Money is in whole millionths of {engine.currency}; a missing group is NULL.",
        f"In steps, days count from 1970-01-01, months from January 1970; {FAR} is the end of what still runs.",
        *window,
        *named,
        *only,
    ]
    return [f"-- {' '.join(line.split())}" for line in said]
