"""What a change of a control costs in each widget: `python -m tests.bench.widgets 1000000`.

A combination is new once: then what it needs of the subscriptions is counted, and the widget says so meanwhile. After
that, and wherever the counts are there already, only the picture is made anew. Milliseconds are processor time of the
kernel, the median of several changes.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

from tests.bench import data

Changes = list[dict[str, Any]]


def book_of(rows: int) -> Any:
    """Return the benchmark's company with spend on every segment."""
    import saasmetrics as sm

    months = [f"{year}-{month:02d}" for year in range(2021, 2026) for month in range(1, 13)]
    kinds = [("sales", segment, 5.0) for segment in data.SEGMENTS] + [("cogs", None, 10.0)]
    spend = {
        "month": [month for month in months for _ in kinds],
        "function": [function for _ in months for function, _, _ in kinds],
        "segment": [segment for _ in months for _, segment, _ in kinds],
        "amount": [amount * rows for _ in months for _, _, amount in kinds],
    }
    return sm.Book(subscriptions=data.subscriptions(rows), spend=spend, as_of="2025-12-31")


def cases(book: Any) -> dict[str, tuple[Any, Changes, Changes]]:
    """Return per widget: itself, changes that count something anew, and changes to what is counted already."""
    import saasmetrics_widgets as sw

    levers = [{"churn": -n, "price": n, "cac": n} for n in range(1, 9)]
    segments = {"column": "segment", "measure": "logos"}
    combined = [segments, {"column": "", "measure": "net"}, {"measure": "logos"}]
    defined = [{"metric": "grr"}, {"metric": "nrr"}]
    reviewed = [{"column": "segment", "value": "SMB"}, {"measure": "net"}]
    ages = [{"ages": n} for n in (6, 12, 24, 36)]
    carried = [{"column": "segment"}, {"model": "weibull"}, {"model": ""}]
    return {
        "explorer": (sw.Explorer(book), combined, combined),
        "switch": (sw.DefinitionSwitch(book), defined, defined),
        "review": (sw.CohortReview(book), reviewed, [*reviewed, *ages]),
        "survival": (sw.SurvivalExplorer(book), carried, carried),
        "economics": (sw.UnitEconomics(book), [{"column": ""}, {"column": "segment"}], levers),
    }


def spent(widget: Any, change: dict[str, Any]) -> float:
    """Return the milliseconds of processor time that a change costs."""
    before = time.process_time()
    widget.controls = {**widget.controls, **change}
    took = 1000 * (time.process_time() - before)
    if widget.view["error"]:
        raise RuntimeError(widget.view["error"])
    return took


def measured(rows: int) -> dict[str, dict[str, float]]:
    """Return per widget the most that a first use costs, and the median and the most of what follows."""
    found = {}
    for name, (widget, anew, again) in cases(book_of(rows)).items():
        first = max(spent(widget, change) for change in anew)
        later = [spent(widget, change) for change in again]
        found[name] = {"first": first, "again": statistics.median(later), "most": max(later)}
    return found


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000), indent=1))
