"""Who answers at all: those who do against those who do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.answers import answers
from saasmetrics.engine.columns import flat
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.answers import csat_change
from saasmetrics.metrics.made import made, money
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.surveys.compare import INSTRUMENTS
from saasmetrics.periods import iso_day

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result


@metric(
    id="response_bias",
    name="Response bias",
    unit="table",
    better="neutral",
    meaning="Whether customers who answer surveys pay and stay like those who do not.",
    formula="mean MRR, and share that left later, of paying customers who answered - of those who did not",
    missing="Missing where all answered or nobody did.",
    sources=("METRICS.md", "Newcombe 1998", "Welch 1947"),
    options={
        "instrument": dict.fromkeys(INSTRUMENTS, ""),
        "window": "answered in the {value} months before",
        "horizon": "left in the {value} months after",
        "interval": "coverage {value:.0%}",
    },
)
def bias(
    book: Book,
    instrument: str = "nps",
    *,
    window: int = 12,
    horizon: int = 6,
    interval: float = 0.95,
) -> Result:
    """Customers who answered a survey against those who did not, from one day on.

    Parameters
    ----------
    book
        The company's tables; needs `surveys`.
    instrument
        "nps", "csat" or "ces".
    window
        Months before the day in which an answer counts.
    horizon
        Months after it in which leaving counts; the day is so many months before the last complete month, so that all
        are observed as long.
    interval
        Coverage.

    Returns
    -------
    Result
        measure ("mrr", "churn"), value (responders - others), low, high, responders, others (mean MRR; share that
        left), n (responders), n_others, reason.

    Raises
    ------
    MissingTableError
        If there is no table of surveys.

    Notes
    -----
    Only customers who pay on that day are compared: who left before could not answer any more, and would make answering
    look like a reason to stay.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.surveys.bias(sm.demo(customers=200)).df["measure"].tolist()
    ['mrr', 'churn']
    """
    one_of("instrument", instrument, INSTRUMENTS)
    window, horizon = whole("window", window, 1), whole("horizon", horizon, 1)
    check_interval(interval)
    if interval is None:
        msg = "interval=None: a comparison says how sure it is; give the coverage, such as 0.95."
        raise DataError(msg)
    calendar, engine = book.calendar("M"), followed(book.engine)
    _, _, full = engine.extent("M")
    at = full - horizon
    last = int(calendar.last_day(np.array([at]))[0])
    first = int(calendar.first_day(np.array([at - window + 1]))[0])
    found = answers(book.engine, instrument)
    spans = engine.spans
    place = pc.index_in(found.ids, value_set=flat(spans.entity_ids).cast(found.ids.type))
    entity = np.asarray(place.fill_null(-1))[found.customer]
    inside = (found.day >= first) & (found.day <= last) & (entity >= 0)
    answered = np.zeros(len(spans.entity_ids), bool)
    answered[entity[inside]] = True
    ledger = engine.periodic("M")
    now, later = ledger.state(at)[0], ledger.state(full)[0]
    df = _frame(now, now > 0, later <= 0, answered, interval)
    said = {"instrument": instrument, "window": window, "horizon": horizon, "interval": interval}
    notes = (*found.notes, f"Customers who paid on {iso_day(last)}")
    extra = {"headline": _headline(df)}
    return made(
        book,
        "response_bias",
        df,
        "table",
        options=said,
        notes=notes,
        tables=["surveys"],
        extra=extra,
    )


def _frame(
    mrr: NDArray[np.int64],
    paying: NDArray[np.bool_],
    left: NDArray[np.bool_],
    answered: NDArray[np.bool_],
    level: float,
) -> pd.DataFrame:
    import pandas as pd

    yes, no = paying & answered, paying & ~answered
    amount = money(mrr)
    rows = [
        {"measure": "mrr", **_means(amount[yes], amount[no], level)},
        {"measure": "churn", **_shares(left[yes], left[no], level)},
    ]
    df = pd.DataFrame(rows).assign(n=int(yes.sum()), n_others=int(no.sum()))
    why = "nobody answered" if not yes.any() else "all answered" if not no.any() else ""
    return df.assign(reason=np.where(df["value"].isna(), why or "too few customers", ""))


def _means(a: NDArray[np.float64], b: NDArray[np.float64], level: float) -> dict[str, Any]:
    from scipy.stats import t

    if min(len(a), len(b)) < 2:
        return dict.fromkeys(("value", "low", "high", "responders", "others"), np.nan)
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    gap, error = float(a.mean() - b.mean()), float(np.sqrt(va + vb))
    spread = va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)
    freedom = (va + vb) ** 2 / spread if spread > 0 else 1.0
    half = float(t.ppf(0.5 + level / 2, freedom)) * error
    sides = {"responders": float(a.mean()), "others": float(b.mean())}
    return {"value": gap, "low": gap - half, "high": gap + half, **sides}


def _shares(a: NDArray[np.bool_], b: NDArray[np.bool_], level: float) -> dict[str, Any]:
    change = csat_change((int(b.sum()), len(b)), (int(a.sum()), len(a)), level)
    if change is None:
        return dict.fromkeys(("value", "low", "high", "responders", "others"), np.nan)
    gap, low, high = change
    sides = {"responders": float(a.mean()), "others": float(b.mean())}
    return {"value": gap, "low": low, "high": high, **sides}


def _headline(df: pd.DataFrame) -> str:
    churn = df[df["measure"] == "churn"].iloc[0]
    if churn["value"] != churn["value"]:
        return ""
    clear = churn["low"] > 0 or churn["high"] < 0
    words = "" if clear else ", which chance could explain"
    return f"{churn['responders']:.1%} of those who answered left, {churn['others']:.1%} of the others{words}"
