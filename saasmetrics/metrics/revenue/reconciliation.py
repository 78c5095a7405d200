"""MRR reconciled to what was invoiced and to recognised revenue: every step of the way, with its customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.reconciled_steps import STEPS, TARGET
from saasmetrics.metrics.made import made
from saasmetrics.metrics.revenue.reconciling import Way
from saasmetrics.money import format_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

LABELS = {
    "mrr": "MRR at close",
    "changes": "Changes in the period",
    "discounts": "Discounts",
    "definition": "Definition of MRR",
    "only_mrr": "Only in MRR",
    "only_invoices": "Only in invoices",
    "credits": "Credits",
    "day_count": "Days in the month",
    "billed_ahead": "Billed for other periods",
    "billed_before": "Billed in earlier periods",
    "billed_later": "Billed in later periods",
    "one_off": "One-off",
    "usage": "Usage",
    "refunds": "Refunds",
    "tax": "Tax",
    "fx": "Exchange rates",
    "unexplained": "Unexplained",
    "billed": "Invoiced",
    "recognised": "Recognised",
    "revenue": "Revenue",
}
BASES = {
    "D": "MRR at close, for a day",
    "W": "MRR at close, for its days",
    "M": LABELS["mrr"],
    "Q": "MRR at close x 3 months",
    "Y": "MRR at close x 12 months",
}


@metric(
    id="reconciliation",
    name="Reconciliation of MRR",
    unit="money",
    better="neutral",
    meaning="How MRR leads to what was invoiced or recognised as revenue in a period, and what is left unexplained.",
    formula="MRR at close x months + changes + timing of bills + other lines + ... + unexplained = invoiced or revenue",
    missing="The share is missing where there is no MRR at the close; revenue where finance lacks a month.",
    sources=("METRICS.md",),
    options={
        "against": {
            "invoices": "against the lines invoiced in the period",
            "service": "against the invoice lines spread by days over their service",
            "revenue": "against the revenue of the table finance",
        },
        "tolerance": "within tolerance where at most {value:.2%} of MRR is unexplained",
    },
    choices=("service_end", "discount", "fx"),
)
def reconcile(
    book: Book,
    against: str = "invoices",
    freq: str = "M",
    by: str | Sequence[str] | None = None,
    *,
    tolerance: float = 0.01,
) -> Result:
    """The way from MRR to what was invoiced, or recognised as revenue, in every period; it closes exactly.

    Parameters
    ----------
    book
        A company's tables: the source of MRR with invoices, or with finance for "revenue".
    against
        "invoices": lines dated in the period; "service": lines spread by days over their service, the revenue that
        invoices recognise; "revenue": that of the table finance.
    freq
        D, W, M, Q or Y; finance is by month, so M, Q or Y.
    by
        Columns of customers to group by; not for "revenue".
    tolerance
        Share of MRR up to which what is unexplained is acceptable, 0.01 by default.

    Returns
    -------
    Result
        period, by-columns, the steps in currency units from `mrr` (MRR at the close x the months of the period: 3 x
        MRR for a quarter, for days and weeks their part of a month; months to come do not count) to `billed`,
        `recognised` or `revenue`, residual, share (unexplained / mrr), within, reason, complete.
        `rows(period, step)` has the customers behind a step.

    Raises
    ------
    MissingTableError
        If there are no invoices, or no revenue in finance.
    UnknownNameError
        If there is no such source, column or frequency.

    Notes
    -----
    A month that is still open counts for its days so far. MRR is earned day by day, on each a part of its month.
    `changes` leads from the close to that sum; `definition` from MRR by the policy to MRR as it is billed (trials,
    pauses, churn dates). A bill of a customer pays for its days of service: what the days of service cost more or
    less than MRR on the same days is `credits` where a credit was given beyond what MRR has lost, and otherwise
    `unexplained`. `day_count` is what months of 28 to 31 days do to amounts that are spread by days. `billed_ahead`
    was billed in the period for others, `billed_before` and `billed_later` were served in it and billed in others.
    Currencies are at the rates of the end of the period up to `fx`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> line = {"subscription_id": [1], "customer_id": ["a"], "start": ["2026-01-01"], "amount": [1200]}
    >>> bill = {"invoice_id": [1], "customer_id": ["a"], "date": ["2026-01-01"], "amount": [1200]}
    >>> bill |= {"service_start": ["2026-01-01"], "service_end": ["2026-12-31"]}
    >>> book = sm.Book(subscriptions=line | {"interval": ["year"]}, invoices=bill, as_of="2026-02-28")
    >>> df = sm.revenue.reconcile(book).df
    >>> df[["mrr", "day_count", "billed_ahead", "billed_before", "billed"]].round(2).values.tolist()
    [[100.0, 1.92, 1098.08, 0.0, 1200.0], [100.0, -7.95, 0.0, -92.05, 0.0]]
    """
    way = Way(book, against, freq, columns(by), tolerance)
    way.check()
    df = way.frame()
    options = {"against": against, "freq": freq, "tolerance": tolerance}
    return made(
        book,
        "reconciliation",
        df,
        "reconciliation",
        by=way.by,
        options=options,
        notes=way.notes(),
        extra={
            "steps": STEPS[against],
            "target": TARGET[against],
            "labels": {**LABELS, "mrr": BASES[freq]},
            "tolerance": tolerance,
            "headline": _headline(df, tolerance, way.calendar.noun),
        },
        drill=way.rows,
        tables=["finance" if against == "revenue" else "invoices"],
    )


def _headline(df: pd.DataFrame, tolerance: float, noun: str) -> str:
    """Return the result in words: how many complete periods are within tolerance."""
    known = df[df["complete"] & df["within"].notna()]
    if not len(known):
        return "nothing to reconcile yet"
    within = int(known["within"].sum())
    what = f"{noun}s" if len(known) > 1 else noun
    return f"{within} of {len(known)} {what} within {format_ratio(tolerance)}"
