"""Tutorials: the notebooks, run from top to bottom."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from docs.site.page import Page, plain
from docs.site.run import Session
from docs.site.text import code_block, inline, markdown, output

_LONG = 12  # lines of code that a reader is spared at first


def page(path: Path, place: str) -> Page:
    """Return the page of a notebook: its words, its code, and what the code showed.

    Parameters
    ----------
    path
        The notebook.
    place
        The page.
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


def _cell(cell: dict[str, list[str]], session: Session) -> str:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":  # type: ignore[comparison-overlap]
        return markdown(source)
    shown = code_block(source, "python")
    if source.count("\n") > _LONG:
        shown = (
            f"<details><summary>Code, {source.count(chr(10)) + 1} lines</summary>{shown}</details>"
        )
    return shown + output(session.python(source))


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
