"""How books and results show themselves in a notebook: HTML that needs no kernel, no script and no network.

Pictures come in the colors of both themes; the page shows those of its own: JupyterLab and VS Code say which it is,
elsewhere the system does.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from saasmetrics.money import counted, format_number
from saasmetrics.periods import iso_day
from saasmetrics.printable import escape, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_SHOWN = 60  # rows of the table in a notebook
_INNER = {
    *("as_of_day", "checks", "context", "cuts", "engine", "engines", "history", "known_day"),
    *("looks_back", "of_rows", "part", "since_day", "told_day", "warnings"),
}
_LIGHT, _DARK = ".saasmetrics-light", ".saasmetrics-dark"
_SAID = 'body[data-jp-theme-light="false"]', "body.vscode-dark"
_OTHERS = 'body:not([data-jp-theme-light="true"], .vscode-light)'


def _themes() -> str:
    def dark(page: str) -> str:
        return f"{page} {_LIGHT} {{display: none}} {page} {_DARK} {{display: inline !important}} "

    told = "".join(map(dark, _SAID))
    return f"<style>{_DARK} {{display: none}} {told}@media (prefers-color-scheme: dark) {{{dark(_OTHERS)}}}</style>"


def pictures(name: str, draw: Callable[[str], str]) -> str:
    """Return a picture in the colors of both themes, of which the page shows one.

    Parameters
    ----------
    name
        What a screen reader says of it.
    draw
        The picture as SVG, by the theme.
    """
    images = []
    for theme in ("light", "dark"):
        data = b64encode(draw(theme).encode()).decode()
        images.append(
            f'<img class="saasmetrics-{theme}" alt="{escape(name)}" style="max-width:100%" '
            f'{"hidden " if theme == "dark" else ""}src="data:image/svg+xml;base64,{data}">'
        )
    return "".join([_themes(), *images])


def of_result(result: Result, *, drawn: bool, headline: str) -> str:
    """Return a result with its picture, what is beside it, its table and its footnote.

    Parameters
    ----------
    result
        The result.
    drawn
        Whether it has a chart.
    headline
        What it says in a word; "" for nothing.
    """
    name = result.metric.name
    picture = pictures(name, lambda theme: str(result.chart(theme=theme).svg())) if drawn else ""
    said = f" <span>{escape(headline)}</span>" if headline else ""
    beside = "".join(
        f"<details open><summary>{escape(words)}</summary>{of_frame(frame)}</details>"
        for words, frame in result.extra.get("tables", {}).items()
    )
    count = counted(len(result.df), "row")
    if len(result.df) > _SHOWN:
        count += f", the first {_SHOWN}"
    return (
        f'<div class="saasmetrics-result"><h4>{escape(name)}{said}</h4>{picture}{beside}'
        f"<details{' open' if result.kind == 'table' else ''}><summary>{count}</summary>"
        f"{of_frame(result.df.head(_SHOWN))}</details>"
        f"<p><small>{escape(result.footnote)}</small></p></div>"
    )


def of_frame(frame: pd.DataFrame) -> str:
    """Return a frame as HTML in which names are text and sentences are whole."""
    import pandas as pd

    with pd.option_context("display.max_colwidth", None):
        html = frame.to_html(index=False, border=0, na_rep="–", float_format=format_number)
    return printable(html)


def book_text(book: Book) -> str:
    """Return a book as text: of what day, by which definitions, from which tables."""
    tables = ", ".join(f"{name} {table.rows:,}" for name, table in book.tables.items())
    where = f"\n  {said}" if (said := book.place.said()) else ""
    return f"{_said(book)}, {book.policy}\n  {tables} rows{where}"


def _said(book: Book) -> str:
    part = f" as known on {iso_day(book.known_day or 0)}" if book.looks_back else ""
    part += f", only {' and '.join(book.scope)}" if book.scope else ""
    part += f", from {iso_day(book.since_day)}" if book.since_day is not None else ""
    return f"Book as of {book.as_of_text}{part}, {book.currency}"


def book_names(book: Book) -> list[str]:
    """Return what tab completion offers of a book: what people ask and read, not what its parts are made of."""
    return [name for name in object.__dir__(book) if name not in _INNER and name[:1] != "_"]


def book_html(book: Book) -> str:
    """Return a book as HTML, with the columns of its tables and its definitions."""
    left = ' style="text-align:left"'
    head = "".join(f"<th{left}>{name}</th>" for name in ("Table", "Rows", "Columns"))
    rows = "".join(
        f"<tr><th{left}>{escape(name)}</th><td>{table.rows:,}</td>"
        f"<td{left}>{escape(', '.join(table.data.column_names))}</td></tr>"
        for name, table in book.tables.items()
    )
    return (
        f'<div class="saasmetrics-book"><h4>{escape(_said(book))}</h4>'
        f"<p>{escape('. '.join(filter(None, (str(book.policy), book.place.said()))))}</p>"
        f"<table><tr>{head}</tr>{rows}</table><p><small><code>book.check()</code> looks for faults in the tables; "
        "<code>book.explore()</code> opens all of it; <code>book.policy</code> has every definition.</small></p></div>"
    )
