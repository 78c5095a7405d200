"""Where the rows of a book are, and so where it is counted: the questions that a book asks of its tables as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from saasmetrics.engine.amounts import main_currency, with_assumed
from saasmetrics.engine.asof import known_tables, observed_until
from saasmetrics.engine.filters import filtered
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.spans import source_of
from saasmetrics.engine.unchanged import last_change, unchanged_since

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from saasmetrics.errors import Problem
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    Tables = Mapping[str, Table]


class Place(Protocol):
    """What a book asks of its tables, wherever they are."""

    def known(self, history: Tables, day: int | None) -> dict[str, Table]:
        """Return the rows known at the end of a day; None: all that is known."""

    def until(self, tables: Tables, as_of: int | None) -> int:
        """Return the last day that the tables show, or the one asked for."""

    def currency(self, tables: Tables) -> str:
        """Return the currency of most rows."""

    def with_assumed(self, tables: Tables) -> Tables:
        """Return tables that note which currency is assumed, where none of them names one."""

    def filtered(self, tables: Tables, values: Mapping[str, Any]) -> dict[str, Table]:
        """Return the rows with the given values."""

    def engine(
        self,
        tables: Tables,
        policy: Policy,
        as_of: int,
        currency: str,
        fiscal_start: int,
        since: int | None,
    ) -> LocalEngine:
        """Return what counts the cubes."""

    def check(
        self, tables: Tables, *, as_of: int, currency: str, policy: Policy, guessed: bool
    ) -> list[Problem]:
        """Return the findings of the quality gate."""

    def unchanged(self, tables: Tables, as_of: int) -> list[Problem]:
        """Return the finding that all rows are of long before the as-of date; `tables` with what no filter keeps."""

    def remembered(
        self, tables: Tables, kind: str, names: Sequence[Any], make: Callable[[], Any]
    ) -> Any:
        """Return words about tables, as JSON has them and of such a kind, where they may be kept; None is not kept."""

    def data_hash(self, tables: Tables) -> str:
        """Return a hash of what the tables hold."""

    def sql(self, result: Any, dialect: str, tables: Mapping[str, str] | None) -> str:
        """Return the SQL of the cubes behind a result."""

    def said(self) -> str:
        """Return in words where the rows are, "" where they are in this process."""


class Here:
    """Rows in this process."""

    def __reduce__(self) -> str | tuple[Any, ...]:
        return "HERE" if self is HERE else super().__reduce__()

    def known(self, history: Tables, day: int | None) -> dict[str, Table]:
        """Return the rows known at the end of a day; None: all that is known."""
        return known_tables(history, day)

    def until(self, tables: Tables, as_of: int | None) -> int:
        """Return the last day that the tables show, or the one asked for."""
        return observed_until(tables, as_of)

    def currency(self, tables: Tables) -> str:
        """Return the currency of most rows."""
        return main_currency(tables)

    def with_assumed(self, tables: Tables) -> Tables:
        """Return tables that note which currency is assumed, where none of them names one."""
        return with_assumed(tables)

    def filtered(self, tables: Tables, values: Mapping[str, Any]) -> dict[str, Table]:
        """Return the rows with the given values."""
        return filtered(tables, values)

    def engine(
        self,
        tables: Tables,
        policy: Policy,
        as_of: int,
        currency: str,
        fiscal_start: int,
        since: int | None,
    ) -> LocalEngine:
        """Return what counts the cubes."""
        return LocalEngine(tables, policy, as_of, currency, fiscal_start, since)

    def check(
        self, tables: Tables, *, as_of: int, currency: str, policy: Policy, guessed: bool
    ) -> list[Problem]:
        """Return the findings of the quality gate."""
        from saasmetrics.tables import gate

        return gate.check(tables, as_of=as_of, currency=currency, policy=policy, guessed=guessed)

    def unchanged(self, tables: Tables, as_of: int) -> list[Problem]:
        """Return the finding that all rows are of long before the as-of date; `tables` with what no filter keeps."""
        if source_of(tables) != "subscriptions":
            return []
        asked = {name: tables[name] for name in ("subscriptions", "invoices") if name in tables}
        found = self.remembered(asked, "last change", [as_of], lambda: last_change(asked, as_of))
        return list(unchanged_since(found, as_of))

    def remembered(
        self, tables: Tables, kind: str, names: Sequence[Any], make: Callable[[], Any]
    ) -> Any:
        """Return words about tables, made anew."""
        del tables, kind, names
        return make()

    def data_hash(self, tables: Tables) -> str:
        """Return the hash of what the tables hold, whatever the order of their rows and columns."""
        from saasmetrics.tables.fingerprint import fingerprint

        return fingerprint(tables)

    def sql(self, result: Any, dialect: str, tables: Mapping[str, str] | None) -> str:
        """Return the SQL of the cubes behind a result."""
        from saasmetrics.engine.written import statements

        return statements(result, dialect, tables)

    def said(self) -> str:
        """Return in words where the rows are: nothing, as they are in this process."""
        return ""


HERE = Here()
