"""What customer success costs, how much ARR each ramped manager carries, and how many a coverage model asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, text
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import days, encode, has, numbers
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.made import made, ratio
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

_FAR = 2**30
_MONTH = 365.25 / 12
_RAMP = "counted from {value:g} months after the first working day"


@metric(
    id="arr_per_csm",
    name="ARR per ramped CSM",
    unit="money",
    better="neutral",
    meaning="How much recurring revenue each full-time customer success manager carries who has had time to learn it.",
    formula="ARR at the end of the month / sum of full-time equivalents of the role, from so many months after they "
    "started until they leave",
    missing="Missing in a month without a ramped CSM.",
    sources=("METRICS.md", "commune.us ARR per CSM: without unramped CSMs and directors"),
    options={"ramp_months": _RAMP, "role": "role {value}"},
)
def arr_per_csm(book: Book, ramp_months: float = 6, *, role: str = "csm") -> Result:
    """ARR per ramped customer success manager, month by month.

    Parameters
    ----------
    book
        The company's tables, with people (person_id, role, and start, end and fte).
    ramp_months
        Months until a new CSM counts (6).
    role
        What people.role says of them; others, such as team leads, do not count.

    Returns
    -------
    Result
        period (month), value (currency units per full-time equivalent), numerator (ARR), denominator (ramped full-time
        equivalents), n (ramped people), unramped (people), complete, reason.

    Raises
    ------
    MissingTableError
        If there is no table people.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.success.arr_per_csm(sm.demo(customers=300)).value > 0
    True
    """
    ramp = finite("ramp_months", ramp_months, "a number of months", least=0, most=1200)
    frame = book.movements("M")
    ends = _ends(book, frame)
    staff = People.of(book, role, "ARR per CSM")
    fte, people, fresh = staff.ramped(ends, ramp)
    arr = 12 * frame["closing"].to_numpy(float) / MICRO
    df = _frame(frame, arr, fte, people, "no CSM is ramped")
    df["unramped"] = fresh
    return made(
        book,
        "arr_per_csm",
        df,
        "series",
        options={"ramp_months": ramp, "role": role},
        notes=staff.notes,
        tables=("people",),
        trace=lambda **_: "ARR divided by full-time equivalents of people is no sum over customers",
    )


@metric(
    id="cs_cost_ratio",
    name="Customer success cost ratio",
    unit="ratio",
    better="lower",
    meaning="How much of a year's recurring revenue goes into customer success.",
    formula="12 x cost of customer success in the month / ARR at the end of the month",
    missing="Missing in a month without ARR or without a cost on record.",
    sources=("METRICS.md",),
    options={"support": {True: "support is counted in", False: "support is not counted in"}},
)
def cost_ratio(book: Book, *, support: bool = False) -> Result:
    """The cost of customer success as a share of ARR, month by month.

    Parameters
    ----------
    book
        The company's tables, with spend (month, function, amount).
    support
        Whether the cost of support counts too.

    Returns
    -------
    Result
        period (month), value, numerator (cost, a year's worth, currency units), denominator (ARR), n (customers),
        complete, reason.

    Raises
    ------
    MissingTableError
        If there is no table spend.
    DataError
        If spend has no row of customer success.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> 0 < sm.success.cost_ratio(sm.demo(customers=200)).value < 1
    True
    """
    table = book.tables.get("spend")
    if table is None:
        raise MissingTableError.of("spend", "The cost ratio of customer success")
    frame = book.movements("M")
    functions = ("cs", "support") if support else ("cs",)
    names, code = encode(table.data["function"])
    mine = np.array([str(name) in functions for name in names.to_pylist()] + [False])[code]
    if not mine.any():
        msg = 'No row of spend has the function "cs"; book the cost of customer success there.'
        raise DataError(msg)
    months = book.calendar("M").ordinal(days(table.data["month"]))[mine]
    amount = numbers(table.data["amount"])[mine]
    first = book.calendar("M").ordinal(
        frame["period"].to_numpy().astype("datetime64[D]").astype(np.int64)
    )
    at = months - (int(first[0]) if len(first) else 0)
    inside = (at >= 0) & (at < len(first))
    cost = 12 * np.bincount(at[inside], amount[inside], len(first))
    there = np.bincount(at[inside], minlength=len(first)) > 0
    arr = 12 * frame["closing"].to_numpy(float) / MICRO
    df = _frame(
        frame,
        np.where(there, cost, np.nan),
        arr,
        frame["customers_closing"].to_numpy(),
        "there is no ARR",
    )
    df.loc[~there, "reason"] = "no cost of customer success is on record"
    currencies = has(table.data, "currency") and len(encode(table.data["currency"])[0]) > 1
    return made(
        book,
        "cs_cost_ratio",
        df,
        "series",
        options={"support": support},
        notes=("Amounts of several currencies are added as they are",) if currencies else (),
        tables=("spend",),
        trace=lambda **_: "costs are rows of spend, not of customers",
    )


@metric(
    id="csm_coverage",
    name="CSMs asked for by coverage",
    unit="count",
    better="neutral",
    meaning="How many customer success managers the customers of each tier ask for, at so many customers each.",
    formula="sum over tiers of customers that pay / customers per CSM",
    missing="Missing for a tier without a ratio.",
    sources=("METRICS.md", "knowmba.com CSM coverage model"),
)
def csm_coverage(book: Book, ratios: Mapping[str, float], by: str = "segment") -> Result:
    """How many customer success managers a coverage model asks for.

    Parameters
    ----------
    book
        The company's tables.
    ratios
        Tier -> customers per CSM, such as {"Enterprise": 12, "Mid-Market": 50, "SMB": 500}.
    by
        The column of customers that says the tier.

    Returns
    -------
    Result
        tier, value (CSMs), numerator (customers that pay now), denominator (customers per CSM), n, reason; the last row
        is "all", which is missing where a tier with customers has no ratio.

    Raises
    ------
    DataError
        If a ratio is no number above 0, or names a tier that there is not.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> ratios = {"Enterprise": 12, "Mid-Market": 50, "SMB": 500}
    >>> found = sm.success.csm_coverage(sm.demo(customers=200), ratios).df
    >>> bool(abs(found["value"].iloc[:-1].sum() - found["value"].iloc[-1]) < 1e-9)
    True
    """
    import pandas as pd

    text("by", by, "the name of a column")
    if not isinstance(ratios, Mapping):
        msg = f"ratios={ratios!r} is no table of customers per CSM, such as {{'Enterprise': 12}}."
        raise DataError(msg)
    for tier, value in ratios.items():
        finite(f"ratios[{tier!r}]", value, "a number of customers per CSM", least=1e-9)
    frame = book.movements("M", by)
    last = frame[frame["period"] == frame["period"].max()]
    there = {str(t): int(n) for t, n in zip(last[by], last["customers_closing"], strict=True)}
    strange = [tier for tier in ratios if str(tier) not in there]
    if strange:
        msg = f"No customer has {by} {strange[0]!r}; there are {', '.join(there)}."
        raise DataError(msg)
    rows = [_tier(tier, n, float(ratios.get(tier, np.nan))) for tier, n in there.items()]
    open_ = [row["tier"] for row in rows if row["reason"] and row["n"]]
    why = f"no ratio is given for {', '.join(open_)}" if open_ else ""
    total = np.nan if open_ else sum(row["value"] for row in rows if row["n"])
    n = sum(there.values())
    rows.append(_tier("all", n, np.nan) | {"value": total, "reason": why})
    head = f"{total:.1f} CSMs" if total == total else why
    return made(
        book,
        "csm_coverage",
        pd.DataFrame(rows),
        "table",
        extra={"headline": head},
        trace=lambda **_: "customers are divided by a ratio that is given",
    )


def _tier(tier: str, n: int, each: float) -> dict[str, Any]:
    why = "" if each == each else "no ratio is given for this tier"
    row: dict[str, Any] = {"tier": tier, "value": n / each, "numerator": n, "denominator": each}
    return row | {"n": n, "reason": why}


class People:
    """People of a role: from which day to which, and how much of full time."""

    def __init__(
        self, start: NDArray[Any], end: NDArray[Any], fte: Floats, notes: tuple[str, ...]
    ) -> None:
        self.start, self.end, self.fte, self.notes = start, end, fte, notes

    @classmethod
    def of(cls, book: Book, role: str, wanted_by: str) -> People:
        """Return the people of a role.

        Raises
        ------
        MissingTableError
            If there is no table people.
        DataError
            If nobody has the role.
        """
        text("role", role, "what people.role says")
        if "people" not in book.tables:
            raise MissingTableError.of("people", wanted_by)
        data = book.tables["people"].data
        names, code = encode(data["role"])
        known = [str(name) for name in names.to_pylist()]
        if role not in known:
            msg = f"Nobody has the role {role!r} in people; there are {', '.join(known)}."
            raise DataError(msg)
        mine = np.flatnonzero(code == known.index(role))
        begin = (
            days(data["start"], -_FAR)[mine] if has(data, "start") else np.full(len(mine), -_FAR)
        )
        end = days(data["end"], _FAR)[mine] if has(data, "end") else np.full(len(mine), _FAR)
        fte = numbers(data["fte"], 1.0)[mine] if has(data, "fte") else np.ones(len(mine))
        blank = int((begin == -_FAR).sum())
        said = (f"{blank:,} people have no first working day and count as ramped",) if blank else ()
        return cls(begin.astype(np.int64), end.astype(np.int64), fte, said)

    def ramped(self, ends: NDArray[np.int64], ramp: float) -> tuple[Floats, Floats, Floats]:
        """Return full-time equivalents and people ramped, and people not ramped yet, at the end of some days."""
        here = (self.start[None, :] <= ends[:, None]) & (self.end[None, :] > ends[:, None])
        full = here & (ends[:, None] - self.start[None, :] + 1 >= ramp * _MONTH - 1)
        return (
            full @ self.fte,
            full.sum(axis=1).astype(float),
            (here & ~full).sum(axis=1).astype(float),
        )


def _ends(book: Book, frame: pd.DataFrame) -> NDArray[np.int64]:
    first = frame["period"].to_numpy().astype("datetime64[D]").astype(np.int64)
    last = book.calendar("M").last_day(book.calendar("M").ordinal(first))
    return np.minimum(np.asarray(last, np.int64), book.as_of_day)


def _frame(frame: pd.DataFrame, top: Floats, bottom: Any, n: Any, why: str) -> pd.DataFrame:
    import pandas as pd

    value = ratio(top, bottom)
    data = {
        "period": frame["period"].to_numpy(),
        "value": value,
        "numerator": top,
        "denominator": bottom,
    }
    data |= {
        "n": n,
        "complete": frame["complete"].to_numpy(),
        "reason": np.where(np.isnan(value), why, ""),
    }
    return pd.DataFrame(data)
