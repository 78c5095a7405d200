"""Builds the site: pages are made side by side in processes, laid out, and written with what finds them."""

from __future__ import annotations

import json
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from docs.site import layout
from docs.site.page import Page, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "pages"
OUT = ROOT / "widgets" / "labextension" / "static" / "docs"
NOTEBOOKS = {
    "founder": "tutorials/founder.html",
    "cfo_retention_review": "tutorials/cfo.html",
    "board_pack": "tutorials/board.html",
    "success": "tutorials/success.html",
    "definitions": "tutorials/definitions.html",
}
SECTIONS = {
    "Start": ["index.html"],
    "Tutorials": list(NOTEBOOKS.values()),
    "How to": [
        "howto/stripe.html",
        "howto/cube.html",
        "howto/invoices.html",
        "howto/gate.html",
        "howto/definition.html",
        "howto/board-pack.html",
        "howto/monthly.html",
        "howto/forecast.html",
        "howto/renewals.html",
        "howto/warehouse.html",
        "howto/sql.html",
        "howto/cache.html",
        "howto/add-a-metric.html",
    ],
    "Understand": ["why.html", "policies.html", "glossary.html"],
    "Reference": [
        "metrics/index.html",
        "importers.html",
        "speed.html",
        "api/index.html",
        "changelog.html",
    ],
}


def pages(processes: int | None = None) -> dict[str, Page]:
    """Run and return all pages by their path, in the order of the site.

    Parameters
    ----------
    processes
        How many pages are made at a time; by default as many as there are processors.
    """
    asked = _jobs()
    count = processes or os.cpu_count() or 1
    os.environ["PYTHONHASHSEED"] = "0"  # of the processes: sets are shown in one order
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=_ready) as pool:
        found = list(pool.map(_made, asked))
    made = {page.path: page for page in found}
    order = [path for paths in SECTIONS.values() for path in paths]
    rest = sorted(path for path in made if path not in order)
    return {path: made[path] for path in [*order, *rest]}


def write(folder: Path, made: dict[str, Page]) -> None:
    """Write a site, and take away what an older one has left there."""
    files = {path: layout.page(page, made, SECTIONS) for path, page in made.items()}
    for page in made.values():
        files |= page.files
    files["site.css"] = layout.styles()
    files["site.js"] = (layout.HERE / "site.js").read_text(encoding="utf-8")
    files["index.js"] = index(made.values())
    for old in sorted(folder.rglob("*"), reverse=True):
        if old.is_file() and old.relative_to(folder).as_posix() not in files:
            old.unlink()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")


def index(made: Iterable[Page]) -> str:
    """Return what the search of the site looks through: title, place, section and words of pages and headings."""
    rows = []
    for page in made:
        rows.append([page.title, page.path, page.summary, page.words])
        if not page.path.startswith("metrics/"):
            rows += [
                [plain(words), f"{page.path}#{name}", page.title, ""]
                for _, name, words in page.headings
            ]
    return f"window.PAGES = {json.dumps(rows, ensure_ascii=False, separators=(',', ':'))};\n"


def _jobs() -> list[tuple[str, str]]:
    """Return what makes the pages and of what, the longest first."""
    from docs.site import known

    metrics = [("metric", one.id) for topic in known.metrics().values() for one in topic]
    written = sorted(path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.md"))
    return [
        *(("notebook", name) for name in ("cfo_retention_review", "board_pack", "success")),
        *(("written", name) for name in written),
        *(("notebook", name) for name in ("founder", "definitions")),
        *(
            ("generated", name)
            for name in ("policies", "glossary", "importers", "speed", "changelog")
        ),
        *(("generated", name) for name in ("metrics", "api")),
        *(("api", module) for module in known.API),
        *metrics,
    ]


def _ready() -> None:
    """Let a process make each demo company once: a book is never changed, and the same seed is the same company."""
    import gc
    import warnings

    import saasmetrics as sm
    import saasmetrics.metrics.all

    os.environ["TQDM_DISABLE"] = "1"
    warnings.simplefilter("ignore")
    sm.demo = cache(sm.demo)
    gc.freeze()  # what is loaded stays: it need not be looked through after every page
    gc.set_threshold(50_000, 20, 50)


def _made(job: tuple[str, str]) -> Page:
    kind, name = job
    makers: dict[str, Callable[[str], Page]] = {
        "metric": _metric,
        "api": _api,
        "notebook": _notebook,
        "written": _written,
        "generated": _generated,
    }
    return makers[kind](name)


def _metric(id: str) -> Page:
    from docs.site import metric_pages
    from saasmetrics.metrics.all import CATALOGUE

    return metric_pages.page(CATALOGUE[id])


def _api(module: str) -> Page:
    from docs.site import api_pages

    return api_pages.page(module)


def _generated(name: str) -> Page:
    from docs.site import api_pages, generated, metric_pages, policy_page

    makers = {
        "policies": policy_page.page,
        "metrics": metric_pages.overview,
        "api": api_pages.overview,
        "glossary": generated.glossary,
        "importers": generated.importers,
        "speed": generated.speed,
        "changelog": generated.changelog,
    }
    return makers[name]()


def _written(name: str) -> Page:
    from docs.site import text
    from docs.site.run import Session

    path = name.removesuffix(".md") + ".html"
    with tempfile.TemporaryDirectory() as folder:
        session = Session(path.removesuffix(".html"), Path(folder), text.markdown)
        return text.page(path, (PAGES / name).read_text(encoding="utf-8"), session)


def _notebook(name: str) -> Page:
    from docs.site import notebooks

    return notebooks.page(ROOT / "notebooks" / f"{name}.ipynb", NOTEBOOKS[name])
