"""The board pack: computed once from results, saved as JSON, rendered in four formats with the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.board.asked import Settings
from saasmetrics.board.asked import settings as settings_of
from saasmetrics.board.draft import Done, Draft
from saasmetrics.board.fitted import unplanned
from saasmetrics.board.model import Check, Page, Quantity, Rows, to_json
from saasmetrics.board.saved import load
from saasmetrics.export.files import file_path

if TYPE_CHECKING:
    import os

    from saasmetrics.board.lint import Finding
    from saasmetrics.board.making import Making
    from saasmetrics.book import Book


@dataclass(frozen=True, eq=False, repr=False)
class Pack:
    """A finished board pack: pages that show quantities, and the rows behind them.

    Attributes
    ----------
    pages : tuple of Page
        What is shown, in order.
    quantities : dict of str to Quantity
        Every number by id, with the formula that it follows from.
    rows : dict of str to Rows
        The rows behind the quantities.
    facts : dict
        Company, as-of date, currency, policy, data and version that the numbers were made by.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.board.pack(sm.demo(customers=60), settings={"company": "Example", "pages": ["t9q", "bridge"]})
    >>> [page.id for page in made.pages]
    ['t9q', 'bridge']
    """

    facts: Mapping[str, Any]
    pages: tuple[Page, ...]
    quantities: Mapping[str, Quantity]
    rows: Mapping[str, Rows] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    settings: Settings = field(default_factory=Settings)

    def __str__(self) -> str:
        """Return the title and the sentence of each page."""
        from saasmetrics.board.glance import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from saasmetrics.board.glance import as_html

        return as_html(self)

    @property
    def company(self) -> str:
        """Whose pack it is."""
        return str(self.facts["company"])

    @property
    def as_of(self) -> str:
        """The as-of date as ISO text."""
        return str(self.facts["as_of"])

    @property
    def currency(self) -> str:
        """Three letters of the reporting currency."""
        return str(self.facts["currency"])

    @property
    def title(self) -> str:
        """Company, name and quarter, as the first line of every rendering."""
        return " · ".join(
            str(self.facts[key]) for key in ("company", "title", "quarter") if self.facts[key]
        )

    @property
    def source(self) -> str:
        """Which quarter is reviewed, up to which day data were read, and by which policy and code, in one line."""
        facts = self.facts
        end = facts.get("quarter_end")
        days = f"{facts['quarter']} to {end}, data read up to" if end else "as of"
        return (
            f"{facts['currency']}, {days} {facts['as_of']}, policy {facts['policy']}, "
            f"data {str(facts['data_hash'])[:12]}, saasmetrics {facts['code']}"
        )

    def __repr__(self) -> str:
        """Title, date and the headline of each page, as a person reads them."""
        lines = [f"{self.title}, as of {self.as_of}"]
        lines += [f"  {number}. {page.title}" for number, page in enumerate(self.pages, 1)]
        return "\n".join(lines)

    def lint(self) -> tuple[Finding, ...]:
        """Return what is against the rules of a board page: a title without a number, more than seven figures, ...

        Examples
        --------
        >>> import saasmetrics as sm
        >>> sm.board.pack(sm.demo(customers=60), settings={"pages": ["t9q"]}).lint()
        ()
        """
        from saasmetrics.board.lint import lint

        return lint(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the pack as JSON, to be loaded again, or compared with the next one.

        Parameters
        ----------
        path
            The file, such as last.json. An older one is replaced in one step.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DataError
            If the file cannot be written.
        """
        from saasmetrics.board.outputs import put

        return put(path, self.json.encode("utf-8"), "last.json")

    @property
    def json(self) -> str:
        """The pack as JSON; the same text for the same numbers."""
        look = {key: getattr(self.settings, key) for key in ("paper", "logo", "template", "colors")}
        return to_json(
            {
                "facts": self.facts, "pages": self.pages, "quantities": self.quantities, "rows": self.rows,
                "checks": self.checks, "look": look,
            }
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Pack:
        """Read a pack that was saved.

        Parameters
        ----------
        path
            The JSON file.

        Raises
        ------
        DataError
            If the file cannot be read, or is no pack.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> made = sm.board.pack(sm.demo(customers=60), settings={"pages": ["t9q"]})
        >>> sm.board.Pack.load(made.save(tempfile.mkdtemp() + "/last.json")).json == made.json
        True
        """
        found, look = load(file_path(path, "last.json"))
        return cls(found.facts, found.pages, found.quantities, found.rows, found.checks, look)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the pack as one HTML file: pictures first, interactive after loading, nothing fetched.

        Parameters
        ----------
        path
            The file. An older one is replaced in one step.
        """
        from saasmetrics.board.outputs import put
        from saasmetrics.board.web import html

        return put(path, html(self).encode("utf-8"), "board.html")

    def to_pdf(self, path: str | os.PathLike[str], *, paper: str | None = None) -> Path:
        """Write the pack as PDF: vector charts, bookmarks, tags, page x of y.

        Parameters
        ----------
        path
            The file. An older one is replaced in one step.
        paper
            "16:9" or "a4"; by default that of the settings.

        Raises
        ------
        MissingExtraError
            If typst is not installed.
        """
        from saasmetrics.board.document import pdf
        from saasmetrics.board.outputs import put

        return put(path, pdf(self, paper), "board.pdf")

    def to_pptx(self, path: str | os.PathLike[str]) -> Path:
        """Write the pack as slides with native charts that can be edited.

        If the settings name a template, the slides are made from its masters.

        Parameters
        ----------
        path
            The file. An older one is replaced in one step.

        Raises
        ------
        MissingExtraError
            If python-pptx is not installed.
        """
        from saasmetrics.board.deck import pptx
        from saasmetrics.board.outputs import put

        return put(path, pptx(self), "board.pptx")

    def to_xlsx(self, path: str | os.PathLike[str]) -> Path:
        """Write the pack as a workbook whose numbers are live formulas from the customers up.

        Parameters
        ----------
        path
            The file. An older one is replaced in one step.
        """
        from saasmetrics.board.sheets import xlsx

        return xlsx(self, path)


def pack(
    book: Book,
    *,
    as_of: Any = None,
    settings: Any = None,
    since: Pack | str | os.PathLike[str] | None = None,
    done: Done | None = None,
) -> Pack:
    """Compute the board pack of a company.

    Parameters
    ----------
    book
        The company's tables.
    as_of
        Last day that has happened; by default that of the settings, or the book's own.
    settings
        The settings: a TOML file, a mapping of the same keys, or None.
    since
        The last pack, or the file that it was saved in: numbers told there that are others now are listed.
    done
        Called with the id of each page when it is computed.

    Returns
    -------
    Pack
        To be written with `to_html`, `to_pdf`, `to_pptx` and `to_xlsx`, and kept with `save`.

    Raises
    ------
    InvalidTablesError
        If the tables hold errors that stop; all of them at once.
    UnknownNameError
        If the settings have a key, page or name that there is not.
    DataError
        If no quarter is over yet, or a value of the settings is not what its key takes, or contradicts the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.board.pack(sm.demo(customers=60), settings={"pages": ["summary"]})
    >>> made.pages[0].title[:7]
    'ARR is '
    """
    asked = settings_of(settings)
    last = since if isinstance(since, Pack) or since is None else Pack.load(since)
    return of_draft(Draft.of(book, asked, last, as_of), asked, done)


def of_draft(draft: Draft, asked: Settings, done: Done | None = None) -> Pack:
    """Return the pack of a draft: the pages that the settings ask for, in their words and order.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> draft = Draft.of(sm.demo(customers=60), Settings())
    >>> [page.id for page in of_draft(draft, Settings(pages=("bridge", "t9q"))).pages]
    ['bridge', 't9q']
    """
    pages, numbers = draft.pages(asked, done or _quiet), draft.making.numbers
    return Pack(
        _facts(draft.making, asked), pages, numbers.quantities, numbers.held, tuple(numbers.checks), asked
    )  # fmt: skip


def _facts(making: Making, asked: Settings) -> dict[str, Any]:
    from saasmetrics.periods import iso_day
    from saasmetrics.version import __version__

    book = making.book
    return {
        "company": asked.company, "title": asked.title, "quarter": making.label(making.now),
        "quarters": [making.label(q) for q in making.quarters],
        "quarter_end": making.quarter_end, "as_of": book.as_of_text,
        "known": iso_day(book.known_day) if book.known_day is not None else book.as_of_text,
        "currency": book.currency, "audience": asked.audience,
        "policy": f"{book.policy.name} v{book.policy.version}", "policy_hash": book.policy.hash,
        "data_hash": book.data_hash, "code": __version__,
        "rows": {name: table.rows for name, table in sorted(book.tables.items())},
        "metrics": {key: result.metric.version for key, result in sorted(making.sources.items())},
        "unplanned": list(unplanned(making)),
    }  # fmt: skip


def _quiet(part: str) -> None:
    del part
