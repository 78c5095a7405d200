"""Templates of pages, in which names are text that can be shown, never markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.printable import printable

if TYPE_CHECKING:
    from jinja2 import Template


def template(name: str) -> Template:
    """Return a template of this package.

    Examples
    --------
    >>> template("review.html.j2").name
    'review.html.j2'
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from saasmetrics.charts.text import verdict_mark

    environment = Environment(
        loader=PackageLoader("saasmetrics.board"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_shown,
    )  # fmt: skip
    environment.filters["verdict_mark"] = verdict_mark
    return environment.get_template(name)


def _shown(value: Any) -> Any:
    return printable(value) if type(value) is str else value  # markup of ours stays as it is
