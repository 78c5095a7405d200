"""The assistant of imports: what a folder of exports is, what is said of unknown files, and the tables made of it."""

from __future__ import annotations

from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from saasmetrics.asked import one_of
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.export.files import file_path, write
from saasmetrics.importers.files import File, read_each
from saasmetrics.importers.folder import import_folder
from saasmetrics.importers.kinds import kinds
from saasmetrics.importers.mapping import (
    WAYS,
    Given,
    as_text,
    checked,
    likely_columns,
    over,
    read_mapping,
)
from saasmetrics.importers.needs import missing
from saasmetrics.importers.once import Once
from saasmetrics.importers.targets import NAME
from saasmetrics.money import counted
from saasmetrics.printable import escape
from saasmetrics.tables.schema import SCHEMA
from saasmetrics.tables.told import Told
from saasmetrics_widgets import recognized, static
from saasmetrics_widgets.bench import Bench, refuse_there
from saasmetrics_widgets.connected import unconnected
from saasmetrics_widgets.scripts import script, styles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.importers.imported import Imported

_REVIEW = "review.html"


class ImportAssistant(Bench):
    r"""A folder of exports: what each file and column is, what is doubtful, and the tables that are made.

    Parameters
    ----------
    folder
        Folder of CSV, Parquet or XLSX files, or one file.
    **options
        As for `saasmetrics.read`: policy, currency, fiscal_start, as_of; dayfirst, decimal and encoding, by default as
        `mapping.toml` says.

    Traits
    ------
    view : dict, Python to browser
        Words: headline, ways, files, file, tables, findings, needs, notes, done, confirm, error.

    All other traits are those of `LivingWidget`.

    Raises
    ------
    DataError
        If there is no file that can be read, or `mapping.toml` beside the files cannot.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "kosten.csv").write_text("Monat,Bereich,Betrag\n2026-01,sales,100\n")
    >>> assistant = ImportAssistant(folder)
    >>> assistant.say("kosten.csv", "spend", {"monat": "month", "bereich": "function", "betrag": "amount"})
    >>> list(assistant.tables)
    ['spend']
    """

    _esm = script("import.js")
    _css = styles("widget.css", "bench.css")

    unanswered: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def __init__(self, folder: Any = ".", **options: Any) -> None:
        self._folder = file_path(folder, "exports")
        self._options = {name: value for name, value in options.items() if value not in (None, "")}
        self._once = Once()
        given = read_mapping(self._folder) if self._folder.is_dir() else Given()
        self._how = over(Told(**{way: self._options.pop(way, None) for way in WAYS}), given.told)
        self._files, self._unread = dict[str, File](), dict[str, str]()
        self._to = f"{self._folder.resolve().name.partition('.')[0]}-tables"
        self._review = _REVIEW
        self._made: Imported | None = None
        self._book: Book | None = None
        self._problems: pd.DataFrame | None = None
        self._why, self._names = "", dict[str, str]()
        self._take(given.files)
        known = recognized.Known(self._made, self._said, self._names, self._unread)
        strange = (name for name, file in self._files.items() if not known.what(file).how)
        self._file = next(strange, next(iter(self._files)))
        with unconnected():
            super().__init__(still=uuid4().hex)

    @property
    def tables(self) -> dict[str, Any]:
        """The tables that are made, by name; empty where nothing is recognized yet."""
        return dict(self._made.tables) if self._made is not None else {}

    @property
    def book(self) -> Book:
        """The book of the tables.

        Raises
        ------
        DataError
            If there is none yet, with what stands against it.
        """
        if self._book is None:
            raise DataError(self._why or "Nothing is recognized yet: say which table a file is.")
        return self._book

    @property
    def mapping(self) -> dict[str, dict[str, Any]]:
        """What is said of files, as `mapping.toml` has it."""
        return {
            name: {**entry, "columns": dict(entry["columns"])} for name, entry in self._said.items()
        }

    @property
    def told(self) -> dict[str, Any]:
        """How the files are read, where it is said: dayfirst, decimal, encoding."""
        return {way: said for way in WAYS if (said := getattr(self._how, way)) is not None}

    def read_as(self, **ways: Any) -> None:
        """Say how the files are read: dayfirst, decimal and encoding, as for `saasmetrics.read`; None for as they tell.

        Raises
        ------
        DataError
            If one of them is something else.
        """
        for way in ways:
            one_of("way to read", way, WAYS)
        self._how = replaced(self._how, **ways)
        self._take(self._said)

    def say(self, file: str, table: str, columns: Mapping[str, str] | None = None) -> None:
        """Say which table or export a file is, and which of its columns is which; "" for what it was recognized as.

        Parameters
        ----------
        file
            Its name.
        table
            Name of a table; a kind of export, such as "stripe: dashboard subscriptions"; or "leave out".
        columns
            Column -> field; by default those whose names say so.

        Raises
        ------
        UnknownNameError
            If there is no such file, table, export, column or field.
        """
        one_of("file", file, self._files)
        rest = {name: entry for name, entry in self._said.items() if name != file}
        if not table:
            self._take(rest)
            return
        if table == recognized.LEAVE_OUT:
            self._take({**rest, file: {"table": "", "columns": {}}})
            return
        export = table in kinds()
        if not export:
            one_of("table", table, SCHEMA)
        own = self._files[file].columns
        if columns is None:
            columns = {} if export else likely_columns(table, own)
        given = {old: new for old, new in columns.items() if new}
        known = kinds()[table][1].fields if export else SCHEMA[table].columns
        for old, new in given.items():
            one_of(f"column of {file}", old, own)
            one_of(f"column of {table}", new, known)
        ways = {} if export else {w: v for w, v in self._said.get(file, {}).items() if w in WAYS}
        entry = checked(file, {"export" if export else "table": table, "columns": given, **ways})
        self._take({**rest, file: entry})

    def save(self, folder: Any, *, replace: bool = False) -> list[Path]:
        """Write the tables as Parquet, and beside the exports `mapping.toml` where something is said of them.

        Parameters
        ----------
        folder
            Where the tables are written to.
        replace
            Whether files that are there may be replaced.

        Raises
        ------
        DataError
            If nothing is recognized, a file is there already, or cannot be written.
        """
        if self._made is None:
            raise DataError(self._why)
        place = file_path(folder, "tables")
        if self._folder.is_dir() and place.resolve() == self._folder.resolve():
            raise DataError("The tables would be written among the exports; name another folder.")
        targets, text = (
            [place / f"{name}.parquet" for name in self._made.tables],
            as_text(self._said, self._how),
        )
        beside = self._folder / NAME
        kept = self._folder.is_dir() and bool(self._said or self.told or beside.exists())
        kept = kept and not (beside.exists() and beside.read_text("utf-8") == text)
        refuse_there([*targets, *([beside] if kept else [])], replace=replace)
        written = self._made.write(place)
        return [*written, *([write(beside, text, NAME)] if kept else [])]

    def review(self, path: Any = _REVIEW, *, replace: bool = False) -> Path:
        """Write the retention review of the tables as one page.

        Raises
        ------
        DataError
            If there is no book yet, a file is there already, or cannot be written.
        """
        from saasmetrics.board import review
        from saasmetrics.board.sections import plan

        book, place = self.book, file_path(path, _REVIEW)
        refuse_there([place], replace=replace)
        done = self._steps(2 * len(plan()), "Retention review")
        try:
            return review(book, done=done).to_html(place, done=done)
        finally:
            self.progress = {}

    # What it shows

    def _take(self, said: Mapping[str, Mapping[str, Any]]) -> None:
        """Import by what is said, and keep why where that is not possible."""
        from saasmetrics.book import Book

        files, self._unread = read_each(self._folder, self._how.encoding, self._once)
        self._files = {file.label: file for file in files}
        self._said = {name: dict(entry) for name, entry in said.items()}
        self._made = self._book = self._problems = None
        self._why = ""
        try:
            self._made = self._imported()
            tables = self._made.tables
            known: dict[str, Any] = {name: tables[name] for name in tables if name in SCHEMA}
            self._book = Book(**self._options, **known)
        except InvalidTablesError as error:
            self._why, self._problems = str(error), recognized.broken(error.problems)
        except DataError as error:
            self._why = str(error)

    def _imported(self) -> Imported:
        """Import what is recognized and said, and the files whose names say which table they are."""
        self._names = {}
        first = why = None
        try:
            first = self._imported_as(self._said)
        except DataError as error:
            why = error
        self._names = self._by_name() if first is None else first.by_name()
        if not self._names:
            if first is None:
                raise why or DataError(self._why)
            return first
        named = {file: {"table": table, "columns": {}} for file, table in self._names.items()}
        return self._imported_as({**named, **self._said})

    def _imported_as(self, said: Mapping[str, Mapping[str, Any]]) -> Imported:
        return import_folder(self._folder, mapping=said, once=self._once, **self.told)

    def _by_name(self) -> dict[str, str]:
        """Return file -> table of the files that are tables already, where nothing else is recognized."""
        from saasmetrics.tables.read import table_of_stem

        others = [name for name in self._files if name not in self._said]
        found = {name: table_of_stem(name.rsplit(".", 1)[0]) for name in others}
        return {name: table for name, table in found.items() if table}

    def _whole(self) -> dict[str, Any]:
        made, chosen = self._made, self._files[self._file]
        known = recognized.Known(made, self._said, self._names, self._unread)
        checked = self._book.check() if self._book is not None else None
        frame = checked.df if checked is not None else self._problems
        summary = str(checked.extra["headline"]) if checked is not None else ""
        systems = (
            " and ".join(made.systems)
            if made is not None and made.systems
            else "Nothing is recognized yet"
        )
        tables = [f"{name}: {counted(len(rows), 'row')}" for name, rows in self.tables.items()]
        to = {
            "name": "to",
            "label": "Folder of the tables",
            "kind": "text",
            "value": self._to,
            "hint": "tables",
        }
        page = {
            "name": "page",
            "label": "Page",
            "kind": "text",
            "value": self._review,
            "hint": _REVIEW,
        }
        return {
            "kind": "import", "words": "Import assistant",
            "headline": f"{self._folder} · {systems if made is None or made.systems else 'Mapped files'}",
            "ways": recognized.ways(self._how),
            "files": recognized.files(list(self._files.values()), known, self._file),
            "file": recognized.shown(chosen, known), "tables": tables, "summary": summary,
            "findings": recognized.findings(frame) if frame is not None else None,
            "needs": [f"{line[:1].upper()}{line[1:]}" for line in missing(self.tables)],
            "notes": self._notes(), "to": [to], "page": [page], "can": [made is not None, self._book is not None],
            "error": "" if self._problems is not None else self._why,
        }  # fmt: skip

    def _notes(self) -> list[str]:
        """Return what was left out and decided, but not what files are, which is shown with them."""
        if self._made is None:
            return []
        shown = {**self._names, **{file: _what(entry) for file, entry in self._said.items()}}
        said = {f"{file} is {what}, as {NAME} says" for file, what in shown.items()}
        return [note for note in self._made.said() if note not in said]

    def _picture(self, id: str) -> dict[str, Any]:
        text = str(self._made) if self._made is not None else self._why
        return {"text/plain": text, "text/html": static.wrapped(f"<pre>{escape(text)}</pre>", id)}

    # What the browser asks for

    def _asks(self) -> Mapping[str, Callable[[Mapping[str, Any]], None]]:
        return {
            "show": lambda told: self._show(str(told.get("file"))),
            "way": self._way,
            "table": lambda told: self._tell(str(told.get("file")), str(told.get("table") or "")),
            "column": self._column,
            "save": self._save,
            "review": self._write_review,
        }

    def _show(self, file: str) -> None:
        one_of("file", file, self._files)
        self._file = file
        self._again()

    def _way(self, told: Mapping[str, Any]) -> None:
        way, value = str(told.get("way")), str(told.get("value") or "")
        self.read_as(**{way: recognized.WAY[way].get(value) if way in recognized.WAY else None})
        if self._file not in self._files:
            self._file = next(iter(self._files))
        self._again()

    def _tell(self, file: str, table: str, columns: Mapping[str, str] | None = None) -> None:
        self.say(file, table, columns)
        self._again()

    def _column(self, told: Mapping[str, Any]) -> None:
        file, name, field = (str(told.get(part) or "") for part in ("file", "column", "field"))
        entry = self._said.get(file)
        if entry is None:
            raise DataError(f"Say first which table {file} is.")
        what = str(entry.get("export") or entry["table"])
        self._tell(file, what, {**entry["columns"], name: field})

    def _save(self, told: Mapping[str, Any]) -> None:
        self._to = str(told.get("to") or "tables").strip()
        files = self.save(self._to, replace=bool(told.get("replace")))
        self._say([f"Written: {file.resolve()}" for file in files])

    def _write_review(self, told: Mapping[str, Any]) -> None:
        self._review = str(told.get("to") or _REVIEW).strip()
        self._say(
            [f"Written: {self.review(self._review, replace=bool(told.get('replace'))).resolve()}"]
        )


def _what(entry: Mapping[str, Any]) -> str:
    return str(entry.get("export") or entry["table"] or "left out")
