"""Runs the code of a page, block after block, as a notebook would, and keeps what each block showed."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.site import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_OWN = ('<div class="result"', '<div class="table', '<div class="live"')  # what fits a page


class BlockError(RuntimeError):
    """A block of a page that did not run as the page says."""


class Session:
    """One page's code in one namespace and one folder; what is shown becomes HTML.

    Parameters
    ----------
    name
        Of the page, for errors and for the ids of pictures.
    folder
        Where the files of the page are.
    text
        Turns Markdown that the code shows into HTML.

    Attributes
    ----------
    chatter
        What the last block printed, and what was complained of while it ran.
    """

    def __init__(self, name: str, folder: Path, text: Callable[[str], str]) -> None:
        self.name = name
        self.folder = folder
        self.text = text
        self.pictures = 0
        self.widgets: list[Any] = []
        self.chatter = ""
        self.shell: Any = _shell()
        self.shell.reset(new_session=False)
        self._say_how()

    def python(self, code: str, *, fails: bool = False) -> str:
        """Run a block and return what it showed.

        Parameters
        ----------
        code
            The block.
        fails
            Whether the page shows an error, which is then what the block must raise.

        Raises
        ------
        BlockError
            If it fails where it should run, or the other way round.
        """
        outputs: list[dict[str, Any]] = []
        printed, complained = io.StringIO(), io.StringIO()
        with (
            self._here(),
            _captured(self.shell, outputs),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(complained),
        ):
            ran = self.shell.run_cell(code)
        self.chatter = printed.getvalue() + complained.getvalue()
        error = ran.error_before_exec or ran.error_in_exec
        if (error is not None) != fails:
            raise BlockError(f"{self.name}: {error!r} in\n{code}")
        if error is not None:
            return _plain(f"{type(error).__name__}: {error}", "error")
        parts = [_plain(printed.getvalue())] if printed.getvalue() else []
        return "".join([*parts, *(self._html(output["data"]) for output in outputs)])

    def console(self, lines: str) -> str:
        """Run commands of `saasmetrics`, one per line after a $, and return what they printed.

        Raises
        ------
        BlockError
            If a line is no such command.
        """
        from saasmetrics.cli import main

        parts = []
        for line in lines.strip().splitlines():
            prompt, *words = shlex.split(line, comments=True)
            if prompt != "$" or words[:1] != ["saasmetrics"]:
                raise BlockError(f"{self.name}: {line!r} is no line of saasmetrics")
            printed = io.StringIO()
            with (
                self._here(),
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
            ):
                main(words[1:])
            parts.append(printed.getvalue().rstrip())
        return _plain("\n".join(part for part in parts if part))

    def file(self, name: str, content: str) -> None:
        """Write a file of the page, which later blocks read."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    @contextlib.contextmanager
    def _here(self) -> Iterator[None]:
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(before)

    def _html(self, data: dict[str, Any]) -> str:
        if "text/html" in data:
            html = str(data["text/html"])
            own = html.startswith(_OWN)
            return html if own else shown.scrolled("Output", html, "table given")
        if "text/markdown" in data:
            return f'<div class="said">{self.text(str(data["text/markdown"]))}</div>'
        return _plain(str(data.get("text/plain", "")))

    def _next(self) -> str:
        self.pictures += 1
        return f"p{self.pictures}-"

    def _say_how(self) -> None:
        """Show results, charts, frames and widgets in the way of these pages."""
        import anywidget
        import pandas as pd
        from pandas.io.formats.style import Styler

        from saasmetrics.result import Result

        shown_as: Any = self.shell.display_formatter
        html = shown_as.formatters["text/html"]
        html.for_type(Result, lambda found: shown.result(found, self._next()))
        html.for_type(pd.DataFrame, lambda df: shown.frame(df.head(24)))
        html.for_type(pd.Series, lambda one: shown.frame(one.to_frame().head(24)))
        html.for_type(Styler, _styled)
        shown_as.ipython_display_formatter.enabled = False  # widgets would show their pictures
        bundle = shown_as.mimebundle_formatter
        bundle.for_type(anywidget.AnyWidget, lambda one, **_: {"text/html": self._widget(one)})

    def _widget(self, widget: Any) -> str:
        """Keep a widget for a page of its own, and show that page where the widget stood."""
        self.widgets.append(widget)
        place = f"live/{self.name.rpartition('/')[2]}-{len(self.widgets)}.html"
        title = escape(type(widget).__name__)
        return (
            f'<div class="live"><iframe title="{title}, live" src="{place}" loading="lazy"></iframe>'
            f'<p><a href="{place}">Open the {title.lower()} on a page of its own</a></p></div>'
        )


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell.instance(history_length=0)
    shell.history_manager.enabled = False
    shell.display_formatter.active_types = ["text/html", "text/markdown", "text/plain"]
    shell.showtraceback = lambda *_, **__: None  # who runs the block tells of it
    return shell


@contextlib.contextmanager
def _captured(shell: Any, outputs: list[dict[str, Any]]) -> Iterator[None]:
    """Let what a cell displays, and the value of its last line, go to a list."""
    from IPython.core.displayhook import CapturingDisplayHook
    from IPython.core.displaypub import CapturingDisplayPublisher

    hook, publisher = shell.display_trap.hook, shell.display_pub
    shell.display_trap.hook = CapturingDisplayHook(shell=shell, outputs=outputs)
    shell.display_pub = CapturingDisplayPublisher()
    shell.display_pub.outputs = outputs
    try:
        yield
    finally:
        shell.display_trap.hook, shell.display_pub = hook, publisher


def _styled(styler: Any) -> str:
    """Return a styled frame as a table of these pages: its words, not its colors."""
    import pandas as pd
    from lxml import html

    table = html.fromstring(styler.to_html())
    rows = [[c.text_content().strip() for c in row] for row in table.iter("tr")]
    width = max(map(len, rows))
    head = rows[0] if table.find(".//thead") is not None else [""] * width
    body = rows[1:] if table.find(".//thead") is not None else rows
    return shown.frame(pd.DataFrame(body, columns=head))


def _plain(text: str, kind: str = "printed") -> str:
    lines = text.splitlines()
    if sum("   " in line.strip() for line in lines) > len(lines) / 2:
        kind += " columns"
    return f'<pre class="{kind}" tabindex="0">{escape(text.rstrip())}</pre>'
