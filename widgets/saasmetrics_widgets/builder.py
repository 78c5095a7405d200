"""The builder of a board pack: pages are chosen, words are written, and the pack is seen before it is sent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

import traitlets

from saasmetrics.asked import one_of
from saasmetrics.board.asked import FORMATS, Settings
from saasmetrics.board.asked import settings as settings_of
from saasmetrics.board.build import Pack, of_draft, pack
from saasmetrics.board.draft import Draft
from saasmetrics.board.every_month import possible, written
from saasmetrics.board.fitted import fitted
from saasmetrics.board.kept import save, told_by
from saasmetrics.board.web import logo, preview
from saasmetrics.errors import DataError
from saasmetrics.export.files import file_path
from saasmetrics_widgets import binder, lines, static
from saasmetrics_widgets.bench import Bench, refuse_there
from saasmetrics_widgets.connected import unconnected
from saasmetrics_widgets.given import writable
from saasmetrics_widgets.scripts import script, styles
from saasmetrics_widgets.wording import LONGEST, PARTS, Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.book import Book

_FILES, _SETTINGS = "board-pack", "board.toml"


class BoardPackBuilder(Bench, Wording):
    """A board pack while it is made: its pages, their words, and the files.

    Parameters
    ----------
    book
        The company's tables.
    settings
        Where to start, as for `saasmetrics.board.pack`: a TOML file, a mapping of the same keys, or None.
    data
        The folder that the book was read from; saved settings name it, so that `saasmetrics report board.toml`
        makes the same pack.
    since
        The last pack, or the file that it was saved in.

    Traits
    ------
    view : dict, Python to browser
        Words: headline, fields, looks, pages, gone, page, files, settings, outputs, done, confirm, error.
    preview : str, Python to browser
        The chosen page as HTML, as it stands in the file.

    All other traits are those of `LivingWidget`.

    Raises
    ------
    InvalidTablesError
        If the tables hold errors that stop.
    DataError
        If no quarter is over yet, or the settings contradict the book.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> builder = BoardPackBuilder(sm.demo(customers=60), {"pages": ["t9q", "bridge"]})
    >>> builder.write("bridge", title="ARR grew by 12%, more than planned")
    >>> builder.pack.pages[1].title, builder.pack.pages[1].edited
    ('ARR grew by 12%, more than planned', ('title',))
    """

    _esm = script("pack.js")
    _css = styles("widget.css", "bench.css")

    unanswered: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    preview = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, book: Book, settings: Any = None, *, data: Any = None, since: Any = None
    ) -> None:
        asked = settings_of(settings)
        if data:
            folder = file_path(data, "exports").resolve()
            if not folder.exists():
                raise DataError(
                    f"data={str(data)!r}: there is no folder {folder}. Correct the path."
                )
            there = os.path.relpath(folder, asked.folder.resolve())
            asked = changed(asked, data=Path(there).as_posix())
        elif asked.data is not None:
            fitted(book, asked)  # once, since all its tables are read
        self._book, self._data = book, asked.data
        self._last = since if isinstance(since, Pack) or since is None else Pack.load(since)
        self._to, self._kept = _FILES, _SETTINGS
        self._page = asked.pages_shown[0]
        self._take(asked)
        with unconnected():
            super().__init__(preview=self._seen(), still=uuid4().hex)

    @property
    def book(self) -> Book:
        """The book that the pack is of."""
        return self._book

    @property
    def settings(self) -> Settings:
        """What the pack is to be."""
        return changed(self._asked, data=self._data)

    @property
    def pack(self) -> Pack:
        """The pack as it is now; its pages are those that would be written."""
        return self._pack

    def export(
        self, formats: tuple[str, ...] = FORMATS, to: Any = _FILES, *, replace: bool = False
    ) -> tuple[Path, ...]:
        """Write the pack, all files or none, and beside them the pack as JSON, which the next one is compared with.

        Parameters
        ----------
        formats
            Of "html", "pdf", "pptx" and "xlsx".
        to
            Path of the files without an ending.
        replace
            Whether files that are there may be replaced.

        Raises
        ------
        MissingExtraError
            If the library that writes a format is not installed.
        DataError
            If a file is there already, or cannot be written.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> builder = BoardPackBuilder(sm.demo(customers=60), {"pages": ["t9q"]})
        >>> [path.name for path in builder.export(("html",), tempfile.mkdtemp() + "/Q3")]
        ['Q3.html', 'Q3.json']
        """
        place, asked = file_path(to, _FILES), self._asked
        if place.name in ("", ".."):
            raise DataError(f"{str(place)!r} is a folder; name the files, such as {_FILES}.")
        wanted, _ = possible(settings_of({"formats": [*formats]}))
        names = [f"{place.name}.{form}" for form in (*wanted, "json")]
        files = [file_path(place.with_name(name), _FILES) for name in names]
        refuse_there(files, replace=replace)
        done = self._steps(len(asked.pages_shown) + len(wanted), "Writing the pack")
        try:
            # Anew and not from the draft, so that it is the one that a file of these settings makes.
            made = pack(self._book, settings=asked, since=self._last, done=done)
            return written(made, place.parent, done, wanted, place.name)
        finally:
            self.progress = {}

    def save(self, path: Any = _SETTINGS, *, replace: bool = False) -> Path:
        """Write the settings as TOML, from which `saasmetrics report board.toml` makes the same pack.

        Parameters
        ----------
        path
            The file.
        replace
            Whether a file that is there may be replaced.

        Raises
        ------
        DataError
            If a file is there already, or cannot be written.
        """
        place = file_path(path, _SETTINGS)
        refuse_there([place], replace=replace)
        return save(self._whole_settings(place, replace=replace), place)

    def start_from(self, path: Any) -> None:
        """Take the settings of a TOML file, or the words and pages of a pack (JSON), which is then compared with.

        Raises
        ------
        DataError
            If the file cannot be read, or its settings contradict the book.
        """
        place = file_path(path, _SETTINGS)
        asked, last = self._asked, self._last
        if place.suffix.lower() == ".json":
            last = Pack.load(place)
            told = told_by(last)
            asked = changed(
                told,
                policy=asked.policy,
                as_of=asked.as_of,
                margin=asked.margin,
                targets=asked.targets,
            )
        else:
            asked = settings_of(place)
            if asked.data is not None:
                fitted(self._book, asked)
        draft = self._draft_of(changed(asked, data=None), last)
        self._last, self._data, self._page = last, asked.data or self._data, asked.pages_shown[0]
        self._take(asked, draft)
        self._again()

    @classmethod
    def load(cls, book: Book, path: Any, **more: Any) -> BoardPackBuilder:
        """Open a builder with the settings of a TOML file, or with the words and pages of a pack (JSON)."""
        found = cls(book, **more)
        found.start_from(path)
        return found

    # What it shows

    def _draft_of(self, asked: Settings, last: Pack | None) -> Draft:
        return Draft.of(self._book, asked, last)

    def _take(self, asked: Settings, draft: Draft | None = None) -> None:
        """Compute the pack of settings, and take them where that was possible."""
        asked = changed(asked, data=None)
        if asked.template:
            asked.file(asked.template, "the template")
        known = draft or getattr(self, "_draft", None)
        if known is None or not known.holds(asked):
            known = self._draft_of(asked, self._last)
        new = known is not getattr(self, "_draft", None)
        done = self._steps(len(asked.pages_shown), "Computing") if new and self.comm else None
        try:
            made = of_draft(known, asked, done)
        finally:
            if done is not None:
                self.progress = {}
        logo(made)  # refused here, and not when the page is drawn
        self._asked, self._draft, self._pack = asked, known, made

    def _renew(self, asked: Settings, page: str = "") -> None:
        self._take(asked)
        page = page or self._page
        self._page = page if page in asked.pages_shown else asked.pages_shown[0]
        self._again()

    def _again(self) -> None:
        with self.hold_sync():
            self.preview = self._seen()
            super()._again()

    def _seen(self) -> str:
        page = binder.shown_page(self._pack, self._draft, self._asked, self._page)
        return preview(self._pack, page)

    def _whole(self) -> dict[str, Any]:
        asked, draft, made = self._asked, self._draft, self._pack
        can, missing = possible(Settings())
        files = {"name": "to", "label": "Files", "kind": "text", "value": self._to, "hint": _FILES}
        kept = {
            "name": "settings",
            "label": "Settings",
            "kind": "text",
            "value": self._kept,
            "hint": _SETTINGS,
        }
        return {
            "kind": "pack", "words": "Board pack builder", "headline": binder.headline(made),
            "fields": binder.fields(asked, draft.making.book), "looks": lines.fields(asked),
            "pages": binder.pages(asked, draft, made, self._page),
            "gone": binder.gone(asked), "page": binder.page(made, draft, asked, self._page), "files": [files],
            "settings": [kept], "outputs": binder.outputs(missing, FORMATS, can),
        }  # fmt: skip

    def _picture(self, id: str) -> dict[str, Any]:
        return {
            "text/plain": str(self._pack),
            "text/html": static.wrapped(self._pack._repr_html_(), id),
        }

    def _whole_settings(self, place: Path, *, replace: bool) -> Settings:
        """Return the settings with what the book was read by, so that a command reads it the same way."""
        asked, book = self.settings, self._draft.making.book
        policy = asked.policy
        if policy is None and book.policy.name != "default":
            policy = book.policy.name
            if policy not in book.policy.presets():
                own = place.with_name(f"{place.stem}-policy.json")
                refuse_there([own], replace=replace)
                book.policy.save(own)
                policy = os.path.relpath(own.resolve(), asked.folder.resolve())
        cut = self._book.as_of_text if self._book.known_day is not None else None
        return changed(
            asked, currency=book.currency, fiscal_start=None if book.fiscal_start == 1 else book.fiscal_start,
            policy=policy, as_of=asked.as_of or cut,
        )  # fmt: skip

    # What the browser asks for

    def _asks(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        return {
            "set": self._set,
            "show": lambda told: self.show(str(told.get("page"))),
            "write": self._write,
            "reset": lambda told: self.reset(str(told.get("page")), str(told.get("part"))),
            "keep": lambda told: self.keep(str(told.get("page"))),
            "move": lambda told: self.move(
                str(told.get("page")), -1 if told.get("by") == -1 else 1
            ),
            "leave_out": lambda told: self.leave_out(str(told.get("page"))),
            "take_in": lambda told: self.take_in(str(told.get("page"))),
            "export": self._export,
            "save": self._save,
            "open": self._open,
        }

    def _set(self, told: Mapping[str, Any]) -> None:
        name, value = str(told.get("name")), told.get("value")
        if isinstance(value, str):
            value = writable(value).strip()[:LONGEST] or None
        if value is not None and name in _READ:
            value = _READ[name](str(value))
        if value is None:
            self._renew(changed(self._asked, **{name: getattr(Settings(), name)}))
        elif name == "policy" and self._asked.policy is None and value == self._book.policy.name:
            self._again()
        else:
            self.change(**{name: value})

    def _write(self, told: Mapping[str, Any]) -> None:
        page, part, text = (str(told.get(name) or "") for name in ("page", "part", "value"))
        if part == "asks":
            self._renew(changed(self._asked, asks=binder.asks(writable(text)[:LONGEST])))
            return
        one_of("part of a page", part, PARTS)
        self.write(page, **{part: text})

    def _export(self, told: Mapping[str, Any]) -> None:
        self._to = str(told.get("to") or _FILES).strip()
        formats = tuple(map(str, told.get("formats") or ()))
        files = self.export(formats, self._to, replace=bool(told.get("replace")))
        self._say([f"Written: {path.resolve()}" for path in files])

    def _save(self, told: Mapping[str, Any]) -> None:
        self._kept = str(told.get("to") or _SETTINGS).strip()
        path = self.save(self._kept, replace=bool(told.get("replace")))
        words = [f"Kept: {path.resolve()}. The same pack: saasmetrics report {path.name}"]
        if self._data is None:
            words.append(
                'It names no tables: put it into their folder, or write data = "their folder" into it.'
            )
        self._say(words)

    def _open(self, told: Mapping[str, Any]) -> None:
        self._kept = str(told.get("from") or _SETTINGS).strip()
        self.start_from(self._kept)
        self._say([f"Opened: {Path(self._kept).resolve()}"])


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        msg = f"The margin is a share such as 0.8, not {text!r}."
        raise DataError(msg) from error
    return number


_READ: dict[str, Callable[[str], Any]] = {
    "margin": _number, "targets": lines.targets_of, "colors": lines.colors_of,
}  # fmt: skip
