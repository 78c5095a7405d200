"""What is said to a board pack in the making: which pages, in which order and words."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import one_of
from saasmetrics.board.asked import PAGES, Settings, Words
from saasmetrics.board.asked import settings as settings_of
from saasmetrics.errors import DataError
from saasmetrics_widgets.given import writable

if TYPE_CHECKING:
    from saasmetrics.board.draft import Draft

PARTS = {"title": "title", "comment": "text"}  # of a page -> of the words in the settings
LONGEST = 4000  # letters of a text


class Wording:
    """A pack whose settings are changed one by one; each change is taken whole, or refused and nothing is changed."""

    _asked: Settings
    _draft: Draft
    _page: str

    def _renew(self, asked: Settings, page: str = "") -> None:
        """Take settings, and show a page of them."""
        raise NotImplementedError

    def _again(self) -> None:
        """Show what there is now."""
        raise NotImplementedError

    def change(self, **settings: Any) -> None:
        """Change settings, such as company, audience, policy, as_of, pages or asks.

        Raises
        ------
        DataError
            If there is no such setting, or a value is not what it takes; then nothing is changed.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> from saasmetrics_widgets import BoardPackBuilder
        >>> builder = BoardPackBuilder(sm.demo(customers=60), {"pages": ["t9q"]})
        >>> builder.change(company="Example")
        >>> builder.pack.company
        'Example'
        """
        checked = settings_of(settings)
        told: dict[str, Any] = {name: getattr(checked, name) for name in settings}
        if "audience" in told:  # it says which pages there are, unless somebody else does
            told = {"pages": (), **told}
        self._renew(changed(self._asked, **told))

    def show(self, page: str) -> None:
        """Show a page of the pack."""
        one_of("page of this pack", page, self._asked.pages_shown)
        self._page = page
        self._again()

    def write(self, page: str, *, title: str | None = None, comment: str | None = None) -> None:
        """Write the sentence or the comment of a page; an empty one is again the one made from the numbers.

        The words are marked as written by hand, with the number that they were written for.
        """
        one_of("page", page, PAGES)
        plain, old = self._draft.page(page), self._asked.comments.get(page, Words())
        said = {"title": old.title, "text": old.text}
        for part, given in (("title", title), ("comment", comment)):
            if given is not None:
                text = writable(str(given)).strip()[:LONGEST]
                said[PARTS[part]] = "" if text == getattr(plain, part) else text
        self._word(page, Words(**said, written_for=self._draft.number(page)))

    def reset(self, page: str, part: str) -> None:
        """Take the words of a page that were made from its numbers: of its "title" or its "comment"."""
        one_of("part of a page", part, PARTS)
        old = self._asked.comments.get(page, Words())
        self._word(page, changed(old, **{PARTS[part]: ""}))

    def keep(self, page: str) -> None:
        """Say that the words of a page are still right, although its number has changed."""
        if page in self._asked.comments:
            said = changed(self._asked.comments[page], written_for=self._draft.number(page))
            self._word(page, said)

    def move(self, page: str, by: int) -> None:
        """Move a page up (-1) or down (1)."""
        order = [*self._asked.pages_shown]
        one_of("page of this pack", page, order)
        at = order.index(page)
        order.insert(max(at + by, 0), order.pop(at))
        self._order(order, self._page)

    def leave_out(self, page: str) -> None:
        """Leave a page out; its words are kept."""
        order = [*self._asked.pages_shown]
        one_of("page of this pack", page, order)
        at = order.index(page)
        rest = [key for key in order if key != page]
        if not rest:
            msg = "A pack needs a page: add another one before this one is left out."
            raise DataError(msg)
        self._order(rest, rest[min(at, len(rest) - 1)] if self._page == page else self._page)

    def take_in(self, page: str) -> None:
        """Add a page at the place that it has by default."""
        one_of("page", page, PAGES)
        order = [key for key in self._asked.pages_shown if key != page]
        before = set(PAGES[: PAGES.index(page)])
        at = max((i + 1 for i, key in enumerate(order) if key in before), default=0)
        self._order([*order[:at], page, *order[at:]], page)

    def _word(self, page: str, words: Words) -> None:
        comments = {**self._asked.comments, page: words}
        if not (words.title or words.text):
            del comments[page]
        self._renew(changed(self._asked, comments=comments))

    def _order(self, order: list[str], page: str) -> None:
        self._renew(changed(self._asked, pages=tuple(order)), page)
