"""The review as one HTML page: pictures as static SVG for light and dark, nothing fetched from anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saasmetrics.board.markup import template
from saasmetrics.board.shown import readable

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.board.exhibits import Exhibit
    from saasmetrics.board.review import Review

_WIDTH = 964
_SIZE = re.compile(r'<svg ([^>]*?)width="(\d+(?:\.\d+)?)" height="(\d+(?:\.\d+)?)"')


@dataclass(frozen=True)
class Panel:
    """An exhibit as the page shows it.

    Parameters
    ----------
    id, heading, caption
        Name, message and what the picture shows.
    light, dark
        The picture as SVG in both themes; "" where there is none.
    table
        The numbers as text.
    note
        What of the numbers is left out.
    source
        Id of the metric whose definition applies.
    open
        Whether the numbers are shown at once, as where there is no picture.

    Examples
    --------
    >>> import pandas as pd
    >>> Panel("a", "b", "", "", "", pd.DataFrame(), "", "").open
    True
    """

    id: str
    heading: str
    caption: str
    light: str
    dark: str
    table: pd.DataFrame
    note: str
    source: str

    @property
    def open(self) -> bool:
        """Whether there is no picture, so that the numbers must be seen."""
        return not self.light


def panel(exhibit: Exhibit) -> Panel:
    """Return an exhibit drawn in both themes, its message taken out of the picture.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> from saasmetrics.board.exhibits import of
    >>> panel(of("nrr", sm.retention.nrr(sm.demo(customers=50)))).light[:4]
    '<svg'
    """
    heading, caption, pictures = exhibit.title, "", {"light": "", "dark": ""}
    for theme in pictures:
        chart = None if exhibit.draw is None else exhibit.draw(theme=theme, width=_WIDTH)
        if chart is not None:
            spec = chart.to_dict(validate=False)
            title = spec.pop("title", {})
            heading, caption = _words(title.get("text")), _words(title.get("subtitle"))
            pictures[theme] = _svg(spec, f"{exhibit.id}-{theme}-")
    table, note = readable(exhibit)
    source = exhibit.result.definition.id if exhibit.result is not None else ""
    return Panel(
        exhibit.id, heading, caption, pictures["light"], pictures["dark"], table, note, source
    )


def _words(lines: Any) -> str:
    return " ".join(lines) if isinstance(lines, list) else str(lines or "")


def _svg(spec: dict[str, Any], prefix: str) -> str:
    from saasmetrics.charts import to_svg

    svg = to_svg({**spec, "background": None}, prefix=prefix)
    return _SIZE.sub(
        r'<svg aria-hidden="true" focusable="false" \1width="\2" height="\3"', svg, count=1
    )


def html(review: Review, done: Callable[[str], None]) -> str:
    """Return the page of a review as text.

    Parameters
    ----------
    review
        The review.
    done
        Called with the id of each section when it is drawn.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> html(sm.board.review(sm.demo(customers=50)), print)[:15]
    bridge
    movements
    retention
    cohorts
    survival
    economics
    concentration
    layers
    '<!doctype html>'
    """
    from importlib.metadata import version

    sections = []
    for section in review.sections:
        sections.append((section, [panel(exhibit) for exhibit in section.exhibits]))
        done(section.id)
    findings = review.findings
    counts = {
        name: int((findings["severity"] == name).sum()) for name in ("error", "warning", "note")
    }
    return template("review.html.j2").render(
        review=review, sections=sections, findings=findings.to_dict("records"), counts=counts,
        definitions=review.definitions.to_dict("records"), numbers=_numbers, zip=zip,
        version=version("jupyter-saasmetrics"),
    )  # fmt: skip


_NUMBER = re.compile(r"^[-−+]?(?:[A-Z]{3} |[A-Z]?[$€£¥₹])?[\d.,]+(?:%|x|[kMB]| months)?$|^–?$")


def _numbers(table: pd.DataFrame) -> set[str]:
    """Return the columns that hold only numbers, to be written right-aligned."""
    return {name for name in table.columns if all(map(_NUMBER.match, table[name].astype(str)))}
