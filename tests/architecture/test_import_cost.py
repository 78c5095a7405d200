"""`import saasmetrics` must cost nothing that the user did not ask for."""

from __future__ import annotations

import statistics
from collections.abc import Callable

HEAVY = (
    "pandas",
    "altair",
    "lifelines",
    "scipy",
    "matplotlib",
    "pyarrow",
    "narwhals",
    "duckdb",
    "xlsxwriter",
)
LIMIT_MS = 60
RUNS = 7

LOADED = f"import saasmetrics, sys; print(*sorted({set(HEAVY)!r} & set(sys.modules)))"
BARE_TIME = "import time; print(time.process_time())"
OUR_TIME = "import time, saasmetrics; print(time.process_time())"


def test_importing_us_loads_no_heavy_library(fresh_python: Callable[..., str]) -> None:
    assert fresh_python(LOADED) == "", "imported by `import saasmetrics`; import it on first use"


def test_importing_us_takes_at_most_60_ms_over_bare_python(
    fresh_python: Callable[..., str],
) -> None:
    # Processor time, and runs that alternate: a busy machine slows both alike.
    pairs = [(fresh_python(BARE_TIME), fresh_python(OUR_TIME)) for _ in range(RUNS)]
    bare = statistics.median(float(first) for first, _ in pairs)
    ours = statistics.median(float(second) for _, second in pairs)
    assert (ours - bare) * 1000 <= LIMIT_MS


def test_every_public_name_can_be_listed_without_loading_it(
    fresh_python: Callable[..., str],
) -> None:
    code = LOADED.replace("import saasmetrics, sys;", "import saasmetrics, sys; dir(saasmetrics);")
    assert fresh_python(code) == ""


def test_a_review_is_computed_without_what_draws_its_charts(
    fresh_python: Callable[..., str],
) -> None:
    code = "import sys, saasmetrics as sm; sm.board.review(sm.demo(customers=50)); print('altair' in sys.modules)"
    assert fresh_python(code) == "False"
