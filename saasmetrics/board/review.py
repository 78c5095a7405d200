"""The retention review: the page a CFO reads before the board does, with the tables beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.board.csvs import csv_files, write_csvs, write_text
from saasmetrics.board.headline import Figure, headline, headline_frame
from saasmetrics.board.outputs import put_each
from saasmetrics.board.sections import built, plan
from saasmetrics.engine.amounts import assumed_words
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.export.files import file_path, refuse_special
from saasmetrics.metrics.economics.asked import check_margin

if TYPE_CHECKING:
    import os

    import pandas as pd

    from saasmetrics.board.exhibits import Section
    from saasmetrics.book import Book

Done = Callable[[str], None]


@dataclass(frozen=True, eq=False, repr=False)
class Review:
    """A finished review: the numbers are computed, to be rendered as often as needed.

    Attributes
    ----------
    headline : tuple of Figure
        ARR, NRR, GRR, logo churn, LTV:CAC and CAC payback, each with its interval and its change
        against twelve months ago.
    sections : tuple of Section
        What the page shows, in order; a section without its tables says what to add.
    findings : DataFrame
        The data-quality report.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.board.review(sm.demo(customers=50), title="Board, October").title
    'Board, October'
    """

    title: str
    book: Book
    headline: tuple[Figure, ...]
    sections: tuple[Section, ...]
    findings: pd.DataFrame

    def __repr__(self) -> str:
        """Title, date and headline, as a person reads them."""
        figures = ", ".join(f"{figure.name} {figure.text}" for figure in self.headline)
        return f"{self.title}, as of {self.book.as_of_text}: {figures}"

    @property
    def facts(self) -> dict[str, str]:
        """What the page says about itself: date, currency, policy, tables."""
        assumed = " (assumed: no table names one)" if assumed_words(self.book.tables) else ""
        tables = ", ".join(f"{name} {table.rows:,}" for name, table in self.book.tables.items())
        return {
            "As of": self.book.as_of_text,
            "Currency": f"{self.book.currency}{assumed}",
            "Policy": str(self.book.policy).removeprefix("policy "),
            "Rows read": tables,
        }

    @cached_property
    def definitions(self) -> pd.DataFrame:
        """Each metric used: what it means, its formula, and the footnote with its parameters."""
        import pandas as pd

        rows: dict[str, dict[str, Any]] = {}
        for section in self.sections:
            for exhibit in section.exhibits:
                if exhibit.result is None or exhibit.result.definition.id in rows:
                    continue
                metric = exhibit.result.definition
                rows[metric.id] = {
                    "metric": metric.id,
                    "name": metric.name + (f" ({metric.abbr})" if metric.abbr else ""),
                    "meaning": metric.meaning,
                    "formula": metric.formula,
                    "missing": metric.missing,
                    "footnote": exhibit.result.footnote,
                }
        names = ["metric", "name", "meaning", "formula", "missing", "footnote"]
        return pd.DataFrame(list(rows.values()), columns=names)

    def to_html(self, path: str | os.PathLike[str], *, done: Done | None = None) -> Path:
        """Write the review as one HTML file that needs no network.

        Parameters
        ----------
        path
            The file; its folder is made if needed. An older file is replaced in one step.
        done
            Called with the id of each section when it is drawn.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DataError
            If the file cannot be written; then nothing was changed.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> sm.board.review(sm.demo(customers=50)).to_html(tempfile.mkdtemp() + "/review.html").name
        'review.html'
        """
        page = self._page(path)
        return write_text(page, self._html(done))

    def to_csv(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write every table of the review as a CSV file: all of them, or none where one cannot be written.

        Parameters
        ----------
        folder
            Where to; it is made if needed. Text that a spreadsheet would take for a formula gets an
            apostrophe in front.

        Returns
        -------
        list of Path
            The files.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> files = sm.board.review(sm.demo(customers=50)).to_csv(tempfile.mkdtemp())
        >>> files[0].name
        'headline.csv'
        """
        return write_csvs(self._tables, _csv_folder(folder))

    def to_files(
        self,
        path: str | os.PathLike[str],
        folder: str | os.PathLike[str],
        *,
        done: Done | None = None,
    ) -> list[Path]:
        """Write the page and the CSV files together: all of them, or none where one cannot be written.

        Parameters
        ----------
        path
            The file of the page.
        folder
            The folder of the CSV files.
        done
            Called with the id of each section when it is drawn.

        Returns
        -------
        list of Path
            The page, then the CSV files.

        Raises
        ------
        DataError
            If a file cannot be written; then nothing was changed.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> made = tempfile.mkdtemp()
        >>> files = sm.board.review(sm.demo(customers=50)).to_files(made + "/review.html", made + "/csv")
        >>> [file.name for file in files[:2]]
        ['review.html', 'headline.csv']
        """
        page, beside = self._page(path), _csv_folder(folder)
        files = {page: self._html(done).encode("utf-8")}
        files |= {beside / name: held for name, held in csv_files(self._tables).items()}
        return put_each(files, "review.html")

    def _page(self, path: str | os.PathLike[str]) -> Path:
        page = file_path(path, "review.html")
        refuse_special(page)
        return page

    def _html(self, done: Done | None) -> str:
        from saasmetrics.board.page import html

        return html(self, done or _quiet)

    @property
    def _tables(self) -> dict[str, pd.DataFrame]:
        tables = {"headline": headline_frame(self.headline)}
        for section in self.sections:
            tables.update({exhibit.id: exhibit.table for exhibit in section.exhibits})
        return tables | {"definitions": self.definitions, "data_quality": self.findings}


def _csv_folder(folder: str | os.PathLike[str]) -> Path:
    target = file_path(folder, "review")
    if target.exists() and not target.is_dir():
        msg = f"{target} is a file; name a folder for the CSV files."
        raise DataError(msg)
    return target


def review(
    book: Book, *, title: str | None = None, margin: float | None = None, done: Done | None = None
) -> Review:
    """Compute the retention review of a company.

    Parameters
    ----------
    book
        The company's tables.
    title
        Title of the page; by default "Retention review".
    margin
        Gross margin for LTV and payback, such as 0.8; by default that of the tables.
    done
        Called with the name of each part when it is computed.

    Returns
    -------
    Review
        To be written with `to_html` and `to_csv`.

    Raises
    ------
    InvalidTablesError
        If the tables hold errors that stop; all of them at once.
    DataError
        If the margin is no share.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> [section.id for section in sm.board.review(sm.demo(customers=50)).sections][:2]
    ['bridge', 'movements']
    """
    if margin is not None:
        check_margin(margin)
    done = done or _quiet
    checked = book.check()
    stopping = [p for p in checked.extra["problems"] if p.severity == "error"]
    if stopping:
        raise InvalidTablesError(stopping)
    done("check")
    asked = cache(lambda ask: ask(book))  # what several parts show is computed once
    sections = []
    for key, name, build in plan(margin, asked):
        sections.append(built(book, key, name, build))
        done(key)
    figures = headline(book, margin, asked)
    done("headline")
    return Review(title or "Retention review", book, figures, tuple(sections), checked.df)


def _quiet(part: str) -> None:
    del part
