"""The engine of a connected book: cubes are counted where the tables are, and only the rest from rows here."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, cast
from weakref import finalize

import pandas as pd

from saasmetrics.engine.connected.asking import Asking, is_hashable, takes
from saasmetrics.engine.connected.desk import desk, matched
from saasmetrics.engine.connected.rows import Rows, brought, is_there
from saasmetrics.engine.groups import Groups
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable import PortableEngine
from saasmetrics.engine.portable.known import without_clocks
from saasmetrics.engine.spans import source_of
from saasmetrics.errors import MissingTableError, NotPortableError
from saasmetrics.periods import Calendar
from saasmetrics.recording import answers, asking
from saasmetrics.tables.schema import REVENUE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from saasmetrics.engine.connected.link import Link
    from saasmetrics.engine.contracts import Terms
    from saasmetrics.engine.cubes import Cube
    from saasmetrics.engine.due import Before, Due, DueBefore, DueCells, DueTerms, History
    from saasmetrics.engine.expansion_causes import ExpansionCauses
    from saasmetrics.engine.portable.renewals import RenewalsThere
    from saasmetrics.engine.portable.whole import Frame
    from saasmetrics.engine.renewals import Renewals, Window
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

USED = (*REVENUE, "customers", "fx")
_PIECE = 200  # bytes that a piece takes here, with its customer and groups, at most
_CUBES = frozenset({"movements", "pairs", "triangle", "ages", "lifetimes", "terms"})
_LONG = frozenset({"rows", "measures", "frame"})
# Answers that are kept, of those with a row per customer and of others: a review asks for the same several times.
_KEPT = {True: 24, False: 200}


@answers
class ConnectedEngine:
    """Count the cubes of a connected book.

    `movements`, `pairs`, `triangle`, `ages`, `lifetimes`, `terms` and whatever else the portable engine has are pushed
    down. All else, and policies that it does not count, are asked of the local engine, for which rows are brought.

    Parameters
    ----------
    tables, policy, as_of, currency, fiscal_start, since
        As for the local engine.
    link
        What may be brought.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        policy: Policy,
        as_of: int,
        currency: str,
        fiscal_start: int,
        since: int | None,
        link: Link,
    ) -> None:
        self.tables = tables
        self.policy = policy
        self.as_of = as_of
        self.currency = currency
        self.link = link
        self._fiscal_start = fiscal_start
        self._since = since
        self._local: LocalEngine | None = None
        self._there: PortableEngine | None = None
        self._faults = -1
        self._desk: LocalEngine | None = None
        self._desk_faults = -1
        self._matched: RenewalsThere | None = None
        self._answers: dict[bool, dict[Any, Any]] = {True: {}, False: {}}
        self.reasons_here: dict[str, str] = {}

    @property
    def source(self) -> str:
        """The table that MRR comes from."""
        return source_of(self.tables)

    @property
    def since(self) -> int:
        """The first day observed; long ago where the book is not cut."""
        return -(2**31) if self._since is None else self._since

    @property
    def here(self) -> LocalEngine:
        """The local engine, which brings the rows that it touches."""
        if self._local is None:
            self._local = LocalEngine(
                self.tables, self.policy, self.as_of, self.currency, self._fiscal_start, self._since
            )
        return self._local

    @property
    def there(self) -> PortableEngine:
        """The portable engine; a new one after a fault, since what it kept where the tables are may be gone.

        Raises
        ------
        NotPortableError
            If the policy is not counted there, or rows were picked here.
        """
        if self._there is None or self._faults != self.link.faults:
            used = {name: self.tables[name] for name in USED if name in self.tables}
            picked = [name for name, table in used.items() if not is_there(table)]
            if picked:
                raise NotPortableError(f"Rows of {picked[0]} were picked here.")
            self._faults = self.link.faults
            self._there = _Portable(
                self.link,
                {name: without_clocks(name, table.data.frame) for name, table in used.items()},
                self.policy,
                self.as_of,
                self.currency,
                self._fiscal_start,
                self._since,
            )
            rows: Rows = used[self.source].data
            self._there.basis.repeated = rows.once("repeated ids", dict)
            contracts = self.tables.get("contracts")
            if contracts is not None:
                self._there.contracts = contracts.data.frame if is_there(contracts) else None
        return self._there

    @property
    def followed(self) -> LocalEngine:
        """What knows the ledger of each customer: pieces that are brought as whole numbers, else the local engine."""
        try:
            found = self.there.here
        except NotPortableError as error:
            self.reasons_here["followed"] = str(error)
            return self.here
        return cast("LocalEngine", Asking(found, self.link, _WORDS["followed"]))

    def calendar(self, freq: str) -> Calendar:
        """Return the calendar of a frequency, in the book's fiscal year."""
        return Calendar(freq, self._fiscal_start)

    def extent(self, freq: str) -> tuple[int, int, int]:
        """Return the first period, the number of periods, and the last period observed in full."""
        found: tuple[int, int, int] = self._counted("extent", self.calendar(freq).freq)
        return found

    def grouping(self, by: Sequence[str]) -> Groups:
        """Return the groups of some columns."""
        found: Groups = self._counted("grouping", tuple(by))
        return found if found.of_entity is not None else _Groups(found, self.here)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the footnote of every number says about the tables."""
        said: tuple[str, ...] = self._counted("notes")
        return said

    @property
    def rates_move(self) -> bool:
        """Whether exchange rates that count move."""
        return bool(self._counted("rates_move"))

    def movements(
        self, freq: str = "M", by: Sequence[str] = (), bags: int = 0, stops: Sequence[int] = ()
    ) -> Cube:
        """Return opening, movements, closing and counts, per group and period, or up to each of some periods."""
        found: Cube = self._counted("movements", freq, tuple(by), bags, tuple(stops))
        return found

    def pairs(
        self,
        window: int,
        freq: str = "M",
        by: Sequence[str] = (),
        bags: int = 0,
        stops: Sequence[int] = (),
    ) -> Cube:
        """Return the sums over customers of MRR at each period, or some, and `window` periods before."""
        found: Cube = self._counted("pairs", window, freq, tuple(by), bags, tuple(stops))
        return found

    def triangle(self, freq: str = "M", by: Sequence[str] = (), bags: int = 0) -> Cube:
        """Return customers, MRR and running minimum per group, cohort and age."""
        found: Cube = self._counted("triangle", freq, tuple(by), bags)
        return found

    @property
    def desk(self) -> LocalEngine:
        """What the renewal desk is asked of: contracts, and what their customers pay; else the local engine."""
        if self._desk is None or self._desk_faults != self.link.faults:
            with self.link.needed_by(_WORDS["renewals"]):
                try:
                    self._desk = desk(self.there, self.tables)
                except NotPortableError as error:
                    self.reasons_here["renewals"] = str(error)
                    self._desk = self.here
            self._desk_faults = self.link.faults
        return self._desk

    def renewals(self, window: Window, as_of: int | None = None) -> Renewals:
        """Return what became of every contract term, as known at the as-of date or on an earlier day."""
        with self.link.needed_by(_WORDS["renewals"]):
            return self.desk.renewals(window, as_of)

    @property
    def contract_terms(self) -> Terms:
        """Every contract term of the tables, or of the subscriptions where there are no contracts."""
        with self.link.needed_by(_WORDS["renewals"]):
            return self.desk.contract_terms

    def due_cells(self, asked: Due, bags: int = 0) -> DueCells | None:
        """Return the sums of terms by the period in which they are due; None if terms are not matched there."""
        found: DueCells | None = self._of_terms("cells", asked, bags)
        return found

    def due_terms(self, asked: Due, group: int | None = None) -> DueTerms | None:
        """Return chosen terms with what became of them; None if terms are not matched there."""
        found: DueTerms | None = self._of_terms("terms", asked, group)
        return found

    def due_history(self, asked: Due) -> History | None:
        """Return what became of terms whose grace is over; None if terms are not matched there."""
        found: History | None = self._of_terms("history", asked)
        return found

    def due_before(self, asked: DueBefore) -> list[Before] | None:
        """Return what was known of terms on days before; None if terms are not matched there."""
        found: list[Before] | None = self._of_terms("before", asked)
        return found

    def expansion_causes(self, by: Sequence[str], **told: bool) -> ExpansionCauses:
        """Return expansion by group, year of the customer's life, cause, and at renewal or not."""
        try:
            found = self._of_terms("expansion_causes", by, **told)
        except MissingTableError:
            return cast("ExpansionCauses", self._counted("expansion_causes", tuple(by), **told))
        return cast("ExpansionCauses", found or self._from_rows("expansion_causes")(by, **told))

    def _of_terms(self, name: str, *asked: Any, **told: Any) -> Any:
        with self.link.asking(_WORDS["renewals"]), self.link.needed_by(_WORDS["renewals"]):
            try:
                there = self.there
                if self._matched is None or self._matched.engine is not there:
                    self._matched = matched(there, self.tables)
                return getattr(self._matched, name)(*asked, **told)
            except NotPortableError as error:
                self.reasons_here["due terms"] = str(error)
                return None

    def __getattr__(self, name: str) -> Any:
        """Ask for anything else: there if the portable engine has it, else from rows here."""
        if name.startswith("__"):
            raise AttributeError(name)
        if callable(getattr(PortableEngine, name, None)):
            return self._noting(
                name, lambda *args, **options: self._counted(name, *args, **options)
            )
        found = self._from_rows(name)
        return self._noting(name, found) if callable(found) else found

    def _noting(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return a method of the local engine that notes what it is asked for."""
        told = signature(getattr(LocalEngine, name, None) or getattr(PortableEngine, name))

        def asked(*args: Any, **options: Any) -> Any:
            given = dict(list(told.bind(self, *args, **options).arguments.items())[1:])
            return asking(self, name, given, lambda: method(*args, **options))

        return asked

    def _counted(self, name: str, *args: Any, **options: Any) -> Any:
        """Return an answer of the portable engine, or of the local one where that has none."""
        key = (name, args, tuple(sorted(options.items())), self.link.faults)
        if not is_hashable(key):
            return self._asked(name, *args, **options)
        long = name in _LONG
        answers = self._answers[long]
        found = answers.pop(key) if key in answers else self._asked(name, *args, **options)
        answers[key] = found
        while len(answers) > _KEPT[long]:
            del answers[next(iter(answers))]
        return found.copy() if isinstance(found, pd.DataFrame) else found

    def _asked(self, name: str, *args: Any, **options: Any) -> Any:
        if hasattr(PortableEngine, name):
            with self.link.asking(f"Counting {name}"):
                try:
                    found = getattr(self._counting(name), name)
                    if not callable(found):
                        return found
                    if takes(found, args, options):
                        return found(*args, **options)
                except NotPortableError as error:
                    self.reasons_here[name] = str(error)
        found = self._from_rows(name)
        return found(*args, **options) if callable(found) else found

    def _counting(self, name: str) -> PortableEngine | LocalEngine:
        """Return what counts: the engine where the tables are; for cubes, few pieces once any were brought.

        Pieces are counted here too where each question would compute all steps anew, and where they are in this process
        already.
        """
        there = self.there
        if name not in _CUBES:
            return there
        here = not there.basis.keeps or there.basis.is_near
        if not here and not self.link.has(there.source):
            return there
        return there.here if there.has_pieces_here or there.is_small else there

    def _from_rows(self, name: str) -> Any:
        with self.link.needed_by(_WORDS.get(name, name)):
            found = getattr(self.here, name)
        if not callable(found):
            return found
        return self._telling(name, found)

    def _telling(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def asked(*args: Any, **options: Any) -> Any:
            with self.link.needed_by(_WORDS.get(name, name)):
                return method(*args, **options)

        return asked


class _Portable(PortableEngine):
    """The portable engine, which brings no more than may be here."""

    def __init__(self, link: Link, *asked: Any) -> None:
        super().__init__(*asked)
        self._link = link
        most = link.limit // _PIECE
        self.few = most if self.basis.is_near else min(self.few, most)
        self.basis.checks_later = not self.basis.keeps

    def bring(self, frame: Frame, table: str, holder: object) -> pa.Table:
        """Return the rows of a frame as Arrow, once they are counted and fit beside what is here already.

        Steps that are in this process already, and small, only change their form.
        """
        if self.basis.is_near and self.is_small:
            return super().bring(frame, table, holder)
        return brought(frame, table, self._link, holder)

    def brought(self, found: pa.Table, table: str, holder: object) -> None:
        """Note that pieces were brought at once, if they fit beside what is here already."""
        self._link.allow(id(holder), table, len(found), found.nbytes)
        finalize(holder, self._link.release, id(holder))


class _Groups(Groups):
    """Groups counted elsewhere; who belongs to which is only known from rows here."""

    _engine: LocalEngine

    def __init__(self, found: Groups, engine: LocalEngine) -> None:
        object.__setattr__(self, "by", found.by)
        object.__setattr__(self, "labels", found.labels)
        object.__setattr__(self, "_engine", engine)

    @property
    def of_entity(self) -> NDArray[Any] | None:
        """The group of each entity."""
        found: NDArray[Any] | None = self._engine.grouping(self.by).of_entity
        return found

    @property
    def of_span(self) -> NDArray[Any] | None:
        """The group of each span."""
        found: NDArray[Any] | None = self._engine.grouping(self.by).of_span
        return found


_WORDS = {
    "followed": "Following each customer",
    "spans": "Following each subscription",
    "measures": "Listing the customers behind a number",
    "rows": "Listing the customers behind a number",
    "renewals": "Following renewals",
    "reasons": "Saying why MRR moved",
}
