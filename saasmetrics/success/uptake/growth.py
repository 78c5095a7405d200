"""The three lines that customer success is said to grow: renewals, add-on purchases and referrals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import has
from saasmetrics.errors import MissingTableError
from saasmetrics.metrics.made import made
from saasmetrics.metrics.renewals.rates import rates
from saasmetrics.money import MICRO, format_money

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

LINES = ("renewals", "expansion", "referrals")
_CAUSE = (
    "These lines show what came, not what customer success did: who would have renewed, bought or recommended anyway "
    "is in them too"
)


@metric(
    id="success_growth",
    name="Renewals, add-ons and referrals",
    unit="money",
    better="higher",
    meaning="How much recurring revenue renewed, was bought on top, and came by recommendation.",
    formula="renewed ARR up to the expiring value; 12 x expansion MRR; 12 x new MRR of customers of source referral",
    missing="Referrals are missing without customers.source, renewals where nothing is due.",
    sources=("METRICS.md", "Udesk: growth of renewals, add-ons, referrals"),
    options={"referral": "referrals are customers of source {value}"},
)
def growth(book: Book, freq: str = "Q", *, referral: str = "referral") -> Result:
    """Renewals, add-on purchases and referrals, period by period, beside their targets.

    Parameters
    ----------
    book
        The company's tables.
    freq
        "Q" by default.
    referral
        What customers.source says of customers that were recommended.

    Returns
    -------
    Result
        period, line (renewals, expansion, referrals), value (ARR, currency units), target (of the plan, where there is
        one), complete, n (terms or customers), reason.

    Raises
    ------
    MissingTableError
        If the book has neither contracts nor subscriptions for renewals.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.growth(sm.demo(customers=200))
    >>> sorted(found.df["line"].unique())
    ['expansion', 'referrals', 'renewals']
    """
    import pandas as pd

    frame = book.movements(freq)
    base = {"period": frame["period"].to_numpy(), "complete": frame["complete"].to_numpy(bool)}
    bought = 12 * frame["expansion"].to_numpy(float) / MICRO
    expansion = base | {
        "line": "expansion",
        "value": bought,
        "n": frame["customers_expanded"].to_numpy(),
        "reason": "",
    }
    parts = [_renewed(book, freq, base), expansion, _referred(book, freq, base, referral)]
    df = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    df["target"] = _targets(book, freq, df)
    df = df[["period", "line", "value", "target", "complete", "n", "reason"]]
    return made(
        book,
        "success_growth",
        df,
        "success_growth",
        options={"freq": freq, "referral": referral},
        notes=(_CAUSE,),
        extra={"headline": _headline(df, book.currency)},
        trace=lambda **_: (
            "sm.revenue.bridge and sm.renewals.rates have the customers behind each line"
        ),
    )


def _renewed(book: Book, freq: str, base: dict[str, Any]) -> dict[str, Any]:
    """Return what was renewed of what was due; a period in which something is still open is not complete."""
    import pandas as pd

    out: dict[str, Any] = base | {"line": "renewals"}
    try:
        found = rates(book, freq).df
    except MissingTableError as error:
        return out | {"value": np.nan, "n": 0, "reason": str(error)}
    found = found.assign(period=pd.to_datetime(found["period"]))
    found = found[found["rate"] == "gross"] if "rate" in found.columns else found
    by = found.drop_duplicates("period").set_index("period").reindex(pd.to_datetime(base["period"]))
    value = (
        by["renewed"].to_numpy(float)
        if "renewed" in by.columns
        else by["numerator"].to_numpy(float)
    )
    n = by["n"].fillna(0).astype(int).to_numpy() if "n" in by.columns else 0
    done = by["complete"].eq(True).to_numpy() if "complete" in by.columns else base["complete"]
    why = np.where(np.isnan(value), "nothing is due for renewal", "")
    return out | {"value": value, "n": n, "reason": why, "complete": done}


def _referred(book: Book, freq: str, base: dict[str, Any], referral: str) -> dict[str, Any]:
    out: dict[str, Any] = base | {"line": "referrals"}
    table = book.tables.get("customers")
    if table is None or not has(table.data, "source"):
        return out | {"value": np.nan, "n": 0, "reason": "customers.source is missing"}
    frame = book.movements(freq, "customers.source")
    frame = frame[frame["customers.source"] == referral]
    by = frame.set_index("period").reindex(base["period"])
    value = 12 * by["new"].fillna(0).to_numpy(float) / MICRO
    return out | {
        "value": value,
        "n": by["customers_new"].fillna(0).astype(int).to_numpy(),
        "reason": "",
    }


def _targets(book: Book, freq: str, df: pd.DataFrame) -> Any:
    import pandas as pd

    out = np.full(len(df), np.nan)
    if "targets" not in book.tables:
        return out
    plan = book.frame("targets")
    for name, usual in (("scope", "company"), ("scenario", "plan")):
        plan = plan[plan[name].fillna(usual) == usual] if name in plan.columns else plan
    plan = plan[plan["metric"].isin(LINES)]
    calendar = book.calendar(freq)
    for metric_, text, value in zip(
        plan["metric"], plan["period"].astype(str), plan["value"], strict=True
    ):
        if (len(text) == 4) == (freq == "Y"):  # targets of other periods are not those of these
            start = pd.Timestamp(calendar.starts(np.array([calendar.of(text)]))[0])
            out[((df["line"] == metric_) & (df["period"] == start)).to_numpy()] = value
    return out


def _headline(df: pd.DataFrame, currency: str) -> str:
    said = []
    for name in LINES:
        mine = df[(df["line"] == name) & df["complete"] & df["value"].notna()]
        if len(mine):
            said.append(f"{name} {format_money(float(mine['value'].iloc[-1]), currency)}")
    return ", ".join(said) or "no period is complete"
