"""A pack in the making: every page is computed once, and its words, its place and what is left out cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from saasmetrics.board.drawable import drawable
from saasmetrics.board.fitted import fiscal_note, fitted, unplanned
from saasmetrics.board.making import Making
from saasmetrics.board.model import Page
from saasmetrics.board.since import definitions, pages_by_id, worded
from saasmetrics.engine.amounts import assumed_words
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.money import counted

if TYPE_CHECKING:
    from saasmetrics.board.asked import Settings
    from saasmetrics.board.build import Pack
    from saasmetrics.book import Book

Done = Callable[[str], None]
_FEW = 2  # pages that cannot be shown and need no page of their own to say so
# What can be asked for anew without a number being another.
_LOOKS = (
    "title",
    "audience",
    "pages",
    "formats",
    "paper",
    "logo",
    "template",
    "missing_pages",
    "colors",
    "comments",
)


@dataclass
class Draft:
    """The pages of a book as they are made, without the words that somebody wrote by hand.

    Parameters
    ----------
    making
        The book and the numbers that the pages share.
    last
        The last pack, None where there is none.
    """

    making: Making
    last: Pack | None = None
    _made: dict[str, Page] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, book: Book, asked: Settings, last: Pack | None = None, as_of: Any = None) -> Draft:
        """Return the draft of a book, nothing of which is computed yet.

        Raises
        ------
        InvalidTablesError
            If the tables hold errors that stop; all of them at once.
        DataError
            If no quarter is over yet, or the settings contradict the book.
        """
        book = fitted(book, asked)
        day = as_of if as_of is not None else asked.as_of
        if day is not None:
            book = book.as_of(day)
        stopping = [p for p in book.check().extra["problems"] if p.severity == "error"]
        if stopping:
            raise InvalidTablesError(stopping)
        making = Making(book, asked)
        making.all_quarters  # noqa: B018  (without a closed quarter there is no pack)
        return cls(making, last)

    def holds(self, asked: Settings) -> bool:
        """Return whether the same numbers are asked for, in whatever words, order and look.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> from saasmetrics.board.asked import Settings
        >>> draft = Draft.of(sm.demo(customers=30), Settings())
        >>> draft.holds(Settings(title="Ours")), draft.holds(Settings(margin=0.8))
        (True, False)
        """
        same = {name: getattr(self.making.settings, name) for name in _LOOKS}
        return replace(asked, **same) == self.making.settings

    def page(self, key: str) -> Page:
        """Return a page in the words made from its numbers; one that cannot be computed says why."""
        if key not in self._made:
            page = definitions(self.making, self.last) if key == "definitions" else self._built(key)
            self._made[key] = drawable(page, self.making.numbers.quantities)
        return self._made[key]

    def number(self, key: str) -> str:
        """Return the number that a page is about, in words; "" where it is about none."""
        page = self.page(key)
        return self.making.say(page.key) if page.key else ""

    def worded(self, key: str, asked: Settings) -> Page:
        """Return a page in the words of the settings, marked, and flagged where their number has moved on."""
        before = pages_by_id(self.last).get(key)
        return worded(self.page(key), asked.comments.get(key), before, self.number(key))

    def pages(self, asked: Settings, done: Done) -> tuple[Page, ...]:
        """Return the pages that are asked for, in order; what cannot be shown is told on one page at the end."""
        order, made = asked.pages_shown, {}
        if any(key not in self._made for key in order):
            self._made.pop("definitions", None)
        # The definitions are those of all other pages, so they are written last.
        for key in sorted(order, key="definitions".__eq__):
            page = self.worded(key, asked)
            if key not in self._failed or self._is_told(key, asked):
                made[key] = page
            done(key)
        shown = [made[key] for key in order if key in made]
        gone = [page for page in shown if is_empty(page)]
        kept = tuple(page for page in shown if page not in gone)
        all_pages = _with_missing(kept, gone)
        return (self._planned(all_pages[0]), *all_pages[1:]) if all_pages else ()

    def _built(self, key: str) -> Page:
        from saasmetrics.board.pages.plan import PAGES

        name, build = PAGES[key]
        try:
            return build(self.making)
        except InvalidTablesError:
            raise
        except DataError as error:
            self._failed.add(key)
            return Page(key, name, f"{name}: not shown", missing=(str(error),))

    def _is_told(self, key: str, asked: Settings) -> bool:
        """Return whether a page that cannot be computed is told of, and not left out."""
        return asked.missing_pages and (key != "asks" or key in asked.pages)

    def _planned(self, first: Page) -> Page:
        """Return the first page with what is to be said of plans, the fiscal year and a currency that is assumed."""
        notes, fiscal = unplanned(self.making), fiscal_note(self.making)
        assumed = assumed_words(self.making.book.tables)
        footnote = " ".join(text for text in (assumed, first.footnote, fiscal) if text)
        return replace(first, faults=notes, footnote=footnote)


def is_empty(page: Page) -> bool:
    """Return whether a page shows nothing and only says what to add.

    Examples
    --------
    >>> is_empty(Page("support", "Support", "Support: not shown", missing=("Add tickets.",)))
    True
    """
    return bool(page.missing) and not (page.tiles or page.charts or page.tables)


def _with_missing(kept: tuple[Page, ...], gone: list[Page]) -> tuple[Page, ...]:
    """Return pages with what cannot be shown: little of it at the foot of the last one, more on a page of its own."""
    if not gone:
        return kept
    if not kept or len(gone) > _FEW:
        return (*kept, _not_shown(gone))
    told = tuple(f"The page {page.name}: {text}" for page in gone for text in page.missing)
    return (*kept[:-1], replace(kept[-1], missing=(*kept[-1].missing, *told)))


def _not_shown(gone: list[Page]) -> Page:
    """Return one page of what cannot be shown, so that a board turns no empty ones."""
    names = ", ".join(page.name for page in gone)
    title = f"{counted(len(gone), 'page')} not shown: {names}"
    told = tuple(f"{page.name}: {text}" for page in gone for text in page.missing)
    return Page("missing", "Not shown", title, missing=told)
