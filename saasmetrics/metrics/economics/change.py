"""Why worth over cost changed: retention, ARPA, margin and CAC, one after the other; and margin by age of customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.economics.asked import DISCOUNT, HORIZON
from saasmetrics.metrics.economics.margin import group_margins
from saasmetrics.metrics.economics.verdict import ltv_cac
from saasmetrics.metrics.economics.worth import Worth
from saasmetrics.metrics.made import made, ratio
from saasmetrics.money import MICRO, format_value
from saasmetrics.periods import iso_day, last_day

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.metrics.economics.margin import Margin
    from saasmetrics.result import Result

STEPS = ("retention", "ARPA", "margin", "CAC")


@metric(
    id="ltv_cac_change",
    name="Why LTV to CAC changed",
    abbr="LTV:CAC",
    unit="multiple",
    better="higher",
    meaning="How much of the change of LTV to CAC since an earlier day comes from retention, ARPA, margin and CAC.",
    formula="LTV:CAC = lifetime x ARPA x margin / CAC; the logarithm of each factor's change, as a share of the "
    "logarithm of the whole change, times the change",
    missing="Refused where the ratio is missing or not above 0 on one of the two days.",
    sources=("METRICS.md", "Ang 2004: logarithmic mean Divisia index, exact without order"),
    options={"then": "since {value}", "margin": "gross margin {value}"},
)
def ltv_cac_change(
    book: Book,
    then: Any,
    *,
    margin: Margin = None,
    method: str | None = None,
    horizon: int = HORIZON,
    discount: float = DISCOUNT,
) -> Result:
    """Why LTV to CAC changed since an earlier day.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    then
        The earlier day, such as "2025-10-31"; the book as of then is what it is compared with.
    margin, method, horizon, discount
        As in `ltv`.

    Returns
    -------
    Result
        step (start, retention, ARPA, margin, CAC, end), value (the ratio at start and end; the change of each step),
        before, after (of the factor: months of lifetime, currency units a month, share, currency units), cumulative,
        reason. The steps sum to the change exactly, in whatever order they are told.

    Raises
    ------
    DataError
        If one of the two ratios does not exist, or the day is not before the as-of date.

    Notes
    -----
    Lifetime is what remains of LTV when ARPA and margin are taken out; with `method="paths"` it holds expansion too.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.economics.ltv_cac_change(sm.demo(customers=300), "2025-10-31").df
    >>> steps = found["value"].iloc[1:-1].sum()
    >>> bool(abs(found["value"].iloc[-1] - found["value"].iloc[0] - steps) < 1e-9)
    True
    """
    import pandas as pd

    day = last_day(then)
    if day >= book.as_of_day:
        msg = f"then={then!r} is not before {book.as_of_text}, the as-of date; name an earlier day."
        raise DataError(msg)
    given = (margin, method, horizon, discount)
    before, after = (_factors(each, *given) for each in (book.as_of(iso_day(day)), book))
    ratios = [float(np.prod(f[:3]) / f[3]) for f in (before, after)]
    effects = _shares(before, after, ratios)
    rows: list[dict[str, Any]] = [
        {"step": "start", "value": ratios[0], "before": np.nan, "after": np.nan}
    ]
    for name, effect, old, new in zip(STEPS, effects, before, after, strict=True):
        rows.append({"step": name, "value": effect, "before": old, "after": new})
    rows.append({"step": "end", "value": ratios[1], "before": np.nan, "after": np.nan})
    df = pd.DataFrame(rows)
    df["cumulative"] = [*np.cumsum(df["value"].to_numpy()[:-1]), ratios[1]]
    df["reason"] = ""
    return made(
        book,
        "ltv_cac_change",
        df,
        "ltv_cac_change",
        options={"then": iso_day(day), "margin": None if margin is None else "as given"},
        extra={"headline": _headline(df)},
        tables=["spend"],
        trace=lambda **_: "sm.economics.ltv_cac has the customers and the spend of either day",
    )


def _factors(
    book: Book, margin: Margin, method: str | None, horizon: int, discount: float
) -> tuple[float, float, float, float]:
    """Return lifetime, ARPA, margin and CAC of a book."""
    found = ltv_cac(
        book, margin=margin, method=method, horizon=horizon, discount=discount, interval=0.95
    ).df.iloc[0]
    name = method or book.policy.ltv
    months = book.policy.ltv_churn_months
    worth = Worth.of(book, (), name, margin, horizon, discount, months, "paying", None, "auto")
    value, cost = float(found["numerator"]), float(found["denominator"])
    arpa, share = float(worth.arpa[0][0]), float(np.ravel(worth.margin)[0])
    parts = (value / (arpa * share) if arpa * share else np.nan, arpa, share, cost)
    if not all(np.isfinite(part) and part > 0 for part in parts):
        why = found["reason"] or "LTV, ARPA, margin or CAC is not above 0"
        msg = f"LTV to CAC as of {book.as_of_text} cannot be taken apart: {why}."
        raise DataError(msg)
    return parts


def _shares(
    before: tuple[float, ...], after: tuple[float, ...], ratios: list[float]
) -> list[float]:
    """Return the change that each factor makes: by the logarithmic mean, so that nothing is left over."""
    change = ratios[1] - ratios[0]
    logs = np.log(np.array(after) / np.array(before)) * np.array([1, 1, 1, -1])
    total = float(logs.sum())
    weight = change / total if abs(total) > 1e-12 else ratios[0]
    return [float(each) for each in weight * logs]


def _headline(df: pd.DataFrame) -> str:
    start, end = (
        format_value(float(v), "multiple") for v in (df["value"].iloc[0], df["value"].iloc[-1])
    )
    steps = df.iloc[1:-1]
    most = steps.iloc[int(steps["value"].abs().to_numpy().argmax())]
    return f"LTV:CAC {start} → {end}, most of it from {most['step']} ({most['value']:+.2f})"


@metric(
    id="margin_by_age",
    name="Gross profit by age of customers",
    unit="money",
    better="higher",
    meaning="What a customer that was won brings in gross profit in each year of its life, those who left counting 0, "
    "and what one brings that is still there.",
    formula="sum of MRR of the months of the year x margin / customers old enough; per customer still there: / those",
    missing="Missing for a year that no customer has lived to the end.",
    sources=("METRICS.md", "Reichheld and Sasser 1990: profit of a customer rises"),
    options={"margin": "gross margin {value}"},
)
def margin_by_age(book: Book, margin: Margin = None, *, years: int = 5) -> Result:
    """Gross profit of a customer by year of its life.

    Parameters
    ----------
    book
        The company's tables.
    margin
        As in `ltv`.
    years
        Up to which year.

    Returns
    -------
    Result
        year (1 is the first), value (gross profit of a customer won, currency units), numerator, denominator and n
        (customers old enough), alive (of them, still there at the end of the year), value_alive (gross profit of the
        year per customer still there at its end), reason.

    Raises
    ------
    DataError
        If no margin is known.

    Notes
    -----
    Each year is that of all customers old enough, so that later years are of older cohorts: a rise may also come from
    what those cohorts bought.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.economics.margin_by_age(sm.demo(customers=200), years=3)
    >>> found.df["year"].tolist()
    [1, 2, 3]
    """
    import pandas as pd

    many = whole("years", years, 1, "a number of years", 100)
    shares, said = _margin(book, margin)
    frame = book.triangle("M")
    frame = frame[frame["observed"]]
    oldest = frame.groupby("cohort")["age"].transform("max")
    rows = [_year(frame[oldest >= 12 * year - 1], year, shares) for year in range(1, many + 1)]
    df = pd.DataFrame(rows)
    return made(
        book,
        "margin_by_age",
        df,
        "margin_by_age",
        options={"margin": said},
        extra={"headline": _rise(df, book.currency)},
        tables=["finance", "spend"] if margin is None else [],
        trace=lambda **_: (
            'sm.retention.cohorts(measure="mrr") has the customers of each cohort and age'
        ),
    )


def _margin(book: Book, margin: Margin) -> tuple[float, str]:
    shares, said = group_margins(book, (), margin)
    return float(shares[0]), said


def _year(frame: pd.DataFrame, year: int, margin: float) -> dict[str, Any]:
    mine = frame[(frame["age"] >= 12 * (year - 1)) & (frame["age"] < 12 * year)]
    start = frame[frame["age"] == 0]["customers"].sum()
    profit = float(mine["mrr"].sum()) / MICRO * margin
    alive = float(mine[mine["age"] == 12 * year - 1]["customers"].sum())
    row: dict[str, Any] = {"year": year, "value": float(ratio(profit, start)), "numerator": profit}
    row |= {"denominator": int(start), "n": int(start), "alive": int(alive)}
    row["value_alive"] = float(ratio(profit, alive))
    return row | {"reason": "" if start else "no customer has lived this year to its end"}


def _rise(df: pd.DataFrame, currency: str) -> str:
    known = df[df["value_alive"].notna()]
    if len(known) < 2:
        return "fewer than two years have been lived to their end"
    first, last = known.iloc[0], known.iloc[-1]
    texts = [format_value(float(row["value_alive"]), "money", currency) for row in (first, last)]
    return f"{texts[0]} in year 1 → {texts[1]} in year {int(last['year'])} per customer still there"
