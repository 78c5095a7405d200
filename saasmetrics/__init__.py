"""SaaS unit economics and retention from a company's own exports.

Begin with a book: `read` a folder of exports, `demo` for a made-up company, `Book` for tables that you have,
`connect` for tables that stay in a warehouse, `read_snapshots` for exports of several days. Then ask it, by topic;
each lists what it answers with `help(sm.revenue)`:

- revenue: MRR, ARR, bridges, movements, committed MRR, reconciliation with invoices and revenue
- retention: NRR, GRR, customers kept and lost, cohorts, and why they moved
- renewals: what came up for renewal and what became of it, what comes next, expansion
- survival: how long customers stay, why they leave, whether groups differ, fitted models
- economics: CAC, lifetime value, LTV:CAC, payback, burn multiple, rule of 40
- surveys: NPS, CSAT, customer effort, what changed, and who answers at all
- capacity: people per customer and request, books of business, demand, when to hire
- support: how many tickets, how fast, how well and at what cost they are solved, by whom, and for whom
- forecast: MRR and NRR of the next quarters, scenarios, what matters most, how good forecasts were
- success: health scores, alerts, worklists, targets, adoption, and what customer success is worth
- definitions: one number under several policies, and why it differs; then and now; two sources
- formulas: every formula as a plain function on numbers
- board: the retention review as one page
- cache: results kept in a folder, so that reading again costs little
- importers: raw exports of Stripe, Recurly, Zuora and others as tables

`Policy` is how numbers are defined, `Result` is what every function returns, `CATALOGUE` has every metric with its
meaning and formula, and `DataError` is what every mistake in the data or in a call is caught by.

`register_accessor` lets frames of pandas be asked themselves (`df.saas.nrr()`), `show_versions` says what is installed,
and in a notebook `%load_ext saasmetrics` brings `%saas nrr` and completion of columns, policies and metrics.

>>> import saasmetrics as sm
>>> book = sm.demo(customers=200)
>>> round(sm.retention.nrr(book).value, 1) > 0
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError
from saasmetrics.version import __version__ as __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from saasmetrics.book import Book as _Book

_HOME = {
    "Book": "saasmetrics.book:Book",
    "Policy": "saasmetrics.policy:Policy",
    "Result": "saasmetrics.result:Result",
    "CATALOGUE": "saasmetrics.metrics.all:CATALOGUE",
    "revenue": "saasmetrics.metrics.revenue",
    "retention": "saasmetrics.metrics.retention",
    "renewals": "saasmetrics.metrics.renewals",
    "definitions": "saasmetrics.definitions",
    "economics": "saasmetrics.metrics.economics",
    "survival": "saasmetrics.survival",
    "surveys": "saasmetrics.metrics.surveys",
    "capacity": "saasmetrics.success.capacity",
    "forecast": "saasmetrics.forecast",
    "formulas": "saasmetrics.metrics.formulas",
    "support": "saasmetrics.metrics.support",
    "board": "saasmetrics.board",
    "cache": "saasmetrics.cache",
    "importers": "saasmetrics.importers",
    "success": "saasmetrics.success",
}

__all__ = [
    "CATALOGUE",
    "Book",
    "DataError",
    "Policy",
    "Result",
    "board",
    "cache",
    "capacity",
    "connect",
    "definitions",
    "demo",
    "economics",
    "forecast",
    "formulas",
    "importers",
    "read",
    "read_snapshots",
    "register_accessor",
    "renewals",
    "retention",
    "revenue",
    "show_versions",
    "success",
    "support",
    "surveys",
    "survival",
]


def read(
    path: str | Path,
    *,
    policy: Any = "default",
    currency: str | None = None,
    fiscal_start: int = 1,
    as_of: Any = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    memory_limit: int | str | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    remedies: str | Path | bool | None = None,
    cache: Any = None,
) -> _Book:
    r"""Read a folder of exports, one CSV, Parquet or XLSX file per table, into a Book.

    Parameters
    ----------
    path
        The folder, or one file. Files are recognized by their names: subscriptions.csv, customers.parquet, ...
        Tables whose rows have dates may come in one file per month, quarter or year: mrr-2026-09.csv, mrr-2026-10.csv.
        A folder of folders named by day (exports/2026-04-05, exports/2026-07-05) is read as `read_snapshots` does.
    policy, currency, fiscal_start, as_of
        As for `Book`.
    dayfirst
        Whether 03/04/2025 is 3 April (True) or 4 March (False); by default such dates are refused unless others of
        the column show the order.
    decimal
        The decimal sign of the files, "," or "."; by default the amounts of a column show it, and those that can be
        read in two ways are refused.
    encoding
        Encoding of text files, "cp1252" or "shift-jis"; by default UTF-8, else a guess that `book.check()` names.
    memory_limit
        How much memory reading may take, such as "8GB"; by default what is free. Files that would take more are
        refused before they are read.
    columns
        Per table the columns whose names are not recognized: {"subscriptions": {"Begun": "start"}}.
    remedies
        A file of `book.save_remedies` to replay; by default remedies.toml beside the data, if there; False for none.
    cache
        A folder in which what is read and counted is kept, so that it costs little the next time; True for that of
        the user, `cache.Cache` to limit it. By default nothing is kept.

    Returns
    -------
    Book
        The tables with their policy.

    Raises
    ------
    InvalidTablesError
        If a file cannot be read as the table its name says; all problems at once.
    DataError
        If the files would not fit into memory, or one is written while it is read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "mrr.csv").write_text("customer_id,month,mrr\na,2026-01,10\n")
    >>> read(folder).as_of_text
    '2026-01-31'
    """
    from saasmetrics.book import Book

    return Book.read(
        path,
        policy=policy,
        currency=currency,
        fiscal_start=fiscal_start,
        as_of=as_of,
        dayfirst=dayfirst,
        decimal=decimal,
        encoding=encoding,
        memory_limit=memory_limit,
        columns=columns or {},
        remedies=remedies,
        cache=cache,
    )


def connect(
    connection: Any = None,
    *,
    policy: Any = "default",
    currency: str | None = None,
    fiscal_start: int = 1,
    as_of: Any = None,
    memory_limit: int | str | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    **tables: Any,
) -> _Book:
    """Make a Book of tables that stay where they are: in DuckDB, Polars, Spark, or a warehouse that Ibis reaches.

    What is counted is counted there, and only small sums come back. Nothing is written to the tables or beside them.
    What cannot be counted there yet brings the rows that it needs, never more than `memory_limit`; the book says
    which are here.

    Parameters
    ----------
    connection
        Where tables given by name are: a connection of DuckDB or Ibis, a Spark session, the path of a DuckDB file (held
        open to read: to write to it as well, give your own connection), or an address such as
        "postgres://reader@host/database" (needs the extra `warehouse`). Without tables, those that are named like the
        tables of the schema are taken.
    policy, currency, fiscal_start, as_of
        As for `Book`.
    memory_limit
        How much of the rows may be here at a time, such as "2GB"; by default half of what the machine has free.
    columns
        Per table the columns whose names are not recognized: {"subscriptions": {"Begun": "start"}}.
    **tables
        By table name a DuckDB relation, a frame of Polars (lazy or not), pandas, Arrow or Spark, a table of Ibis, or
        the name of a table of the connection ("billing.subscriptions").

    Returns
    -------
    Book
        It answers what every book answers.

    Raises
    ------
    InvalidTablesError
        If columns are missing or have types that cannot be read; all problems at once.
    WarehouseError
        If the system that holds the tables fails.

    Examples
    --------
    >>> import polars as pl
    >>> lines = pl.LazyFrame({"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [10, 12]})
    >>> book = connect(mrr=lines.with_columns(pl.col("month").str.to_date("%Y-%m")))
    >>> book.as_of_text
    '2026-02-28'
    """
    from saasmetrics.connected import connect

    return connect(
        connection,
        policy=policy,
        currency=currency,
        fiscal_start=fiscal_start,
        as_of=as_of,
        memory_limit=memory_limit,
        columns=columns,
        **tables,
    )


def read_snapshots(
    folders: Mapping[Any, str | Path],
    *,
    policy: Any = "default",
    currency: str | None = None,
    fiscal_start: int = 1,
    as_of: Any = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    memory_limit: int | str | None = None,
    columns: Mapping[str, Mapping[str, str]] | None = None,
    cache: Any = None,
) -> _Book:
    r"""Read exports taken on different days into one Book that knows what was known when.

    Parameters
    ----------
    folders
        Day of the export -> folder or file, as for `read`. A file whose content has not changed is read once.
    policy, currency, fiscal_start, as_of
        As for `Book`; by default all is known up to the day of the last export.
    dayfirst, decimal, encoding, memory_limit, columns, cache
        As for `read`, for all exports.

    Returns
    -------
    Book
        The tables with all versions of their rows: `book.as_of("2026-04-05")` is the book of that day,
        `definitions.restatement` tells what has changed since, and `book.check()` counts per export the rows added,
        changed and withdrawn.

    Raises
    ------
    DataError
        If there is no day, or one day twice.
    InvalidTablesError
        If a file cannot be read as the table its name says; all problems of an export at once.

    Notes
    -----
    Rows of two exports with the same values are the same row. Of the others, those that share the key of their table
    are versions of one row; the rest was added or withdrawn.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> april, july = (pathlib.Path(tempfile.mkdtemp()) for _ in range(2))
    >>> _ = (april / "mrr.csv").write_text("customer_id,month,mrr\na,2026-03,10\n")
    >>> _ = (july / "mrr.csv").write_text("customer_id,month,mrr\na,2026-03,12\nb,2026-03,5\n")
    >>> book = read_snapshots({"2026-04-05": april, "2026-07-05": july})
    >>> then = book.as_of("2026-03-31", known="2026-04-05")
    >>> [float(b.movements()["closing"].iloc[0] / 1e6) for b in (then, book)]
    [10.0, 17.0]
    """
    from saasmetrics.book import Book

    return Book.read(
        folders,
        policy=policy,
        currency=currency,
        fiscal_start=fiscal_start,
        as_of=as_of,
        dayfirst=dayfirst,
        decimal=decimal,
        encoding=encoding,
        memory_limit=memory_limit,
        columns=columns or {},
        cache=cache,
    )


def demo(customers: int = 2000, seed: int = 7) -> _Book:
    """Return a made-up company with every table filled, the same for the same seed.

    Parameters
    ----------
    customers
        How many customers it has had.
    seed
        Another seed is another company.

    Returns
    -------
    Book
        Its tables, as of 2026-10-31.

    Examples
    --------
    >>> demo(customers=50).as_of_text
    '2026-10-31'
    """
    from saasmetrics import sample
    from saasmetrics.asked import whole
    from saasmetrics.book import Book

    customers = whole("customers", customers, 1, "how many customers the company had", sample.MOST)
    seed = whole("seed", seed, 0, "a whole number that picks the company", most=2**63 - 1)

    return Book(as_of="2026-10-31", currency="USD", **sample.tables(customers, seed))


def register_accessor() -> None:
    """Let frames of pandas be asked themselves, for the rest of the session: `df.saas.nrr(window=12)`.

    Examples
    --------
    >>> import pandas as pd
    >>> register_accessor()
    >>> pd.DataFrame({"customer_id": ["a"], "month": ["2026-01"], "mrr": [9]}).saas.mrr().value
    9.0
    """
    import_module("saasmetrics.accessor")


def show_versions() -> None:
    """Print which versions of Python and of the libraries are at work; no path and no name of a machine or a user.

    Examples
    --------
    >>> show_versions()
    saasmetrics ...
    """
    from saasmetrics.versions import show

    show()


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'saasmetrics' has no attribute {name!r}"
        raise AttributeError(msg)
    module, _, attribute = _HOME[name].partition(":")
    found = import_module(module)
    return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(ipython: Any) -> None:
    """Load the magics %saas and %%saas, and completion inside quotes: `%load_ext saasmetrics`."""
    import_module("saasmetrics.registered").of_ipython("load")(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take both away again: `%unload_ext saasmetrics`."""
    import_module("saasmetrics.registered").of_ipython("unload")(ipython)
