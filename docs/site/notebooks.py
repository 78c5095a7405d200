"""Tutorials: the notebooks, run from top to bottom."""

from __future__ import annotations

import json
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.site.page import Page, plain
from docs.site.run import BlockError, Session
from docs.site.text import code_block, inline, markdown, output

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONG = 12  # lines of code that a reader is spared at first


def page(path: Path, place: str) -> Page:
    """Return the page of a notebook: its words, its code, and what the code showed.

    Parameters
    ----------
    path
        The notebook.
    place
        The page.

    Raises
    ------
    BlockError
        If a cell fails, shows nothing, prints, or warns.
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = "".join(cells[0]["source"])
    title, _, rest = first.removeprefix("# ").partition("\n")
    summary, _, rest = rest.strip().partition("\n\n")
    intro = f"<p>This is <code>notebooks/{path.name}</code>, run on a made-up company.</p>{markdown(rest)}"
    with tempfile.TemporaryDirectory() as folder:
        session = Session(place.removesuffix(".html"), Path(folder), markdown)
        parts = [intro, *(_cell(cell, session) for cell in cells[1:])]
    files = _live(session, title)
    return Page(
        place, title, plain(inline(summary.replace("\n", " "))), "".join(parts), files=files
    )


def _cell(cell: dict[str, Any], session: Session) -> str:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return markdown(source)
    shown = code_block(source, "python")
    if source.count("\n") > _LONG:
        shown = (
            f"<details><summary>Code, {source.count(chr(10)) + 1} lines</summary>{shown}</details>"
        )
    with _warned() as warned:
        found = session.python(source)
    if session.chatter or warned:
        said = [session.chatter, *(str(one.message) for one in warned)]
        raise BlockError(f"{session.name}: {said} is said beside what is shown by\n{source}")
    if not found and "parameters" not in cell["metadata"].get("tags", ()):
        raise BlockError(f"{session.name}: nothing is shown by\n{source}")
    return shown + output(found)


@contextmanager
def _warned() -> Iterator[list[warnings.WarningMessage]]:
    """Collect what a kernel warns its user of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        for meant_for_others in (DeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", meant_for_others)
        yield found


def _live(session: Session, title: str) -> dict[str, str]:
    """Return a page per widget that works without Python."""
    from saasmetrics_widgets import to_html

    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, widget in enumerate(session.widgets, 1):
            name = f"live/{session.name.rpartition('/')[2]}-{number}.html"
            made = to_html(widget, Path(folder) / "live.html", title=title)
            drawn = Path(made).read_text(encoding="utf-8")
            files[name] = drawn.replace(widget.still, f"still-{number}")  # an id drawn by lot
    return files
