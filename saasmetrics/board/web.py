"""The pack as one HTML file: static pictures first, interactive once loaded, and no request to anywhere."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from saasmetrics.board.markup import template
from saasmetrics.board.model import remarks
from saasmetrics.board.specs import alt_text, spec
from saasmetrics.board.views import heading, marks, table_view, tile_view
from saasmetrics.printable import printable

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack
    from saasmetrics.board.model import Chart, Page

_SIZE = re.compile(r'<svg ([^>]*?)width="(\d+(?:\.\d+)?)" height="(\d+(?:\.\d+)?)"')
_WIDE, _HALF, _HEIGHT = 960, 440, 250


def html(pack: Pack) -> str:
    """Return the page of a pack as text.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> html(sm.board.pack(sm.demo(customers=60), settings={"pages": ["bridge"]}))[:15]
    '<!doctype html>'
    """
    pages = [_page(pack, page) for page in pack.pages]
    specs = {chart["key"]: chart["specs"] for page in pages for chart in page["charts"]}
    numbers = {
        key: {"value": q.value, "unit": q.unit, "label": q.label, "reason": q.reason}
        for key, q in sorted(pack.quantities.items())
    }
    return template("pack.html.j2").render(
        pack=pack, pages=pages, specs=_script(specs), numbers=_script({"facts": pack.facts, "quantities": numbers}),
        bundle=bundle(), logo=logo(pack), colors=_colors(pack),
    )  # fmt: skip


def preview(pack: Pack, page: Page) -> str:
    """Return one page of a pack as it stands in the file, as a document without scripts.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.board.pack(sm.demo(customers=60), settings={"pages": ["bridge"]})
    >>> made.pages[0].title in preview(made, made.pages[0])
    True
    """
    number = (
        [each.id for each in pack.pages].index(page.id) + 1
        if page in pack.pages
        else len(pack.pages) + 1
    )
    return template("preview.html.j2").render(
        page=page,
        held=_page(pack, page),
        number=number,
        colors=_colors(pack),
    )


@cache
def bundle() -> str:
    """Return Vega, Vega-Lite and the embedding as one script, from the library that draws the pictures too."""
    import vl_convert

    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return text.replace("</script", "<\\/script")


def _script(held: Any) -> str:
    """Return JSON that no browser takes for markup within a script."""
    text = printable(json.dumps(held, ensure_ascii=False, sort_keys=True))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _page(pack: Pack, page: Page) -> dict[str, Any]:
    wide = len(page.charts) == 1
    return {
        "page": page,
        "marks": marks(page),
        "remarks": remarks(page),
        "tiles": [tile_view(pack, tile) for tile in page.tiles],
        "charts": [_chart(pack, page, chart, _WIDE if wide else _HALF) for chart in page.charts],
        "tables": [
            (table_view(pack, table), table_view(pack, table, "dark")) for table in page.tables
        ],
    }


def _chart(pack: Pack, page: Page, chart: Chart, width: int) -> dict[str, Any]:
    key = f"{page.id}-{chart.id}"
    drawn = {theme: spec(pack, chart, theme, width, _HEIGHT) for theme in ("light", "dark")}
    what, when = heading(pack, chart)
    return {
        "key": key, "what": what, "when": when, "alt": alt_text(pack, chart), "specs": drawn,
        "svg": {theme: _svg(body, f"{key}-{theme}-") for theme, body in drawn.items()},
    }  # fmt: skip


def _svg(body: dict[str, Any], prefix: str) -> str:
    from saasmetrics.charts import to_svg

    svg = to_svg(body, prefix=prefix)
    return _SIZE.sub(
        r'<svg aria-hidden="true" focusable="false" \1width="\2" height="\3"', svg, count=1
    )


def logo(pack: Pack) -> str:
    """Return the logo as text that a page can hold, "" where there is none."""
    from base64 import b64encode

    if not pack.settings.logo:
        return ""
    path = pack.settings.file(pack.settings.logo, "the logo")
    kinds = {
        ".png": "image/png",
        ".svg": "image/svg+xml",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
    }
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        from saasmetrics.errors import DataError

        msg = f"The logo {path} is none of {', '.join(kinds)}."
        raise DataError(msg)
    return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"


def _colors(pack: Pack) -> str:
    """Return the company's colors as custom properties of CSS."""
    return "".join(f"--{name}: {color};" for name, color in sorted(pack.settings.colors.items()))
