"""Customer success managers side by side, on what they could do about, with those who cannot be told apart together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import has
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.metrics.renewals.chances import prior_strength
from saasmetrics.metrics.renewals.due import decided
from saasmetrics.success.goals.owners import check, scope_of
from saasmetrics.survival.estimate import check_level

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.metrics.renewals.due import Summed
    from saasmetrics.metrics.renewals.shared import Desk
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]


@metric(
    id="csm_league",
    name="Renewals by owner, compared fairly",
    unit="ratio",
    better="higher",
    meaning="Which customer success managers or pods renew more than others would have with the same customers, and "
    "who cannot be told apart.",
    formula="(renewed + strength x expected share) / (terms + strength) - expected share + share of all; expected = "
    "the share of all in the same segments; strength = that under which the counts are most likely (beta-binomial)",
    missing="Missing for an owner without a decided term.",
    sources=(
        "METRICS.md",
        "Efron and Morris 1975",
        "Goldstein and Spiegelhalter 1996 on league tables",
    ),
    options={
        "quarters": "terms due in the last {value} quarters whose grace is over",
        "interval": "{value:.0%} intervals",
    },
)
def league(book: Book, by: str = "csm", quarters: int = 4, *, interval: float = 0.95) -> Result:
    """Owners side by side by the share of terms that they renewed, on equal terms.

    Parameters
    ----------
    book
        The company's tables, with contracts or subscriptions of more than a month, and csm_id or pod_id of customers.
    by
        "csm" or "pod".
    quarters
        How many of the last quarters that are decided.
    interval
        Coverage of the intervals.

    Returns
    -------
    Result
        One row per owner, the best first: the by-column, value (share renewed, shrunk and adjusted for the segments),
        low, high, numerator (renewed), denominator (terms), raw (their quotient), expected, n, band (1 for the best;
        those of a band cannot be distinguished from its first), reason.

    Raises
    ------
    DataError
        If the customers have no such column.

    Notes
    -----
    Within a band the order says nothing: the interval of each reaches that of the band's first. Who has few terms is
    drawn towards what was to be expected, so that neither end of the table is made of small books.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.league(sm.demo(customers=300))
    >>> bool((found.df["value"].diff().dropna() <= 1e-12).all())
    True
    """
    import pandas as pd

    check_level(interval)
    scope, columns = scope_of(by)
    if not columns:
        msg = f"A league ranks owners, and {scope} is none: name the scope, such as by='csm'."
        raise DataError(msg)
    check(book, columns, "start")
    many = whole("quarters", quarters, 1, "a number of quarters")
    table = book.tables.get("customers")
    alike = ("segment",) if table is not None and has(table.data, "segment") else ()
    desk = decided(book, tuple(dict.fromkeys((*columns, *alike))), many)
    owners, n, k, expected = _counts(desk, len(alike))
    share = np.divide(expected, n, out=np.full(len(n), np.nan), where=n > 0)
    overall = float(k.sum() / n.sum()) if n.sum() else np.nan
    strength = _strength(k, n, overall)
    value, low, high = shrunk(k, n, share, strength, interval)
    df = pd.DataFrame({columns[0]: owners})
    moved = overall - share
    df["value"], df["low"], df["high"] = value + moved, low + moved, high + moved
    df["numerator"], df["denominator"] = k, n
    df["raw"] = np.divide(k, n, out=np.full(len(n), np.nan), where=n > 0)
    df["expected"], df["n"] = share, n
    df = df.sort_values(["value", columns[0]], ascending=[False, True], kind="stable").reset_index(
        drop=True
    )
    df["band"] = bands(
        df["value"].to_numpy(float), df["low"].to_numpy(float), df["high"].to_numpy(float)
    )
    df["reason"] = np.where(df["n"] == 0, "no term of its customers is decided", "")
    note = f"Each owner counts beside {strength:.0f} terms at what was to be expected"
    return made(
        book,
        "csm_league",
        df,
        "csm_league",
        by=columns,
        options={"quarters": many, "interval": interval},
        notes=(note if n.sum() else "No term is decided", *desk.notes()),
        extra={"overall": overall, "headline": _headline(df, columns[0])},
        tables=desk.tables,
        trace=lambda **_: (
            "the share is drawn towards what was to be expected, so that it is no quotient of sums"
        ),
    )


def _strength(k: Floats, n: Floats, overall: float) -> float:
    """Return how many terms at what was to be expected each owner counts beside; 0 without any."""
    if not n.sum():
        return 0.0
    mean = min(max(overall, 1e-3), 1 - 1e-3)
    return prior_strength(k.astype(np.int64), n.astype(np.int64), mean)


def _counts(desk: Desk | Summed, alike: int) -> tuple[list[Any], Floats, Floats, Floats]:
    """Return the owners, and of each the terms, the renewed ones, and how many were to be expected of terms like them.

    Terms are alike that have the same values in the last `alike` columns of the desk.
    """
    sums = desk.sums()
    terms, renewed = (
        sums[name].sum(axis=(1, 2)).astype(float) for name in ("terms", "terms_renewed")
    )
    labels = desk.groups.labels
    owners = list(dict.fromkeys(label[0] for label in labels))
    segments = [label[len(label) - alike :] for label in labels]
    known = list(dict.fromkeys(segments))
    owner = np.array([owners.index(label[0]) for label in labels], np.int64)
    kind = np.array([known.index(segment) for segment in segments], np.int64)
    total, won = np.bincount(kind, terms), np.bincount(kind, renewed)
    to_expect = terms * (won / np.maximum(total, 1))[kind]
    found = [
        np.bincount(owner, each, len(owners)).astype(float) for each in (terms, renewed, to_expect)
    ]
    return owners, found[0], found[1], found[2]


def shrunk(
    k: Floats, n: Floats, expected: Floats, strength: float, level: float
) -> tuple[Floats, Floats, Floats]:
    """Return the share of each owner drawn towards what was to be expected, with its interval.

    Examples
    --------
    >>> value, _, _ = shrunk(np.array([9.0]), np.array([10.0]), np.array([0.8]), 10.0, 0.95)
    >>> round(float(value[0]), 3)
    0.85
    """
    from scipy.stats import beta

    a, b = k + strength * expected, n - k + strength * (1 - expected)
    known = (n > 0) & (a > 0) & (b > 0)
    safe_a, safe_b = np.where(known, a, 1.0), np.where(known, b, 1.0)
    edges = [
        np.where(known, beta.ppf(q, safe_a, safe_b), np.nan)
        for q in ((1 - level) / 2, (1 + level) / 2)
    ]
    mean = np.where(n > 0, (k + strength * expected) / np.maximum(n + strength, 1e-300), np.nan)
    return (
        mean,
        np.where(n > 0, np.where(known, edges[0], mean), np.nan),
        np.where(n > 0, np.where(known, edges[1], mean), np.nan),
    )


def bands(value: Floats, low: Floats, high: Floats) -> list[Any]:
    """Return the band of each of several values in falling order: who reaches the first of a band is in it.

    Examples
    --------
    >>> bands(np.array([0.9, 0.85, 0.5]), np.array([0.8, 0.7, 0.4]), np.array([0.95, 0.93, 0.6]))
    [1, 1, 2]
    """
    out: list[Any] = []
    band, leader = 0, np.nan
    for v, lo, hi in zip(
        value.tolist(), low.tolist(), high.tolist(), strict=True
    ):  # owners, not rows
        if v != v:
            out.append(None)
            continue
        if not band or hi < leader:
            band, leader = band + 1, lo
        out.append(band)
    return out


def _headline(df: pd.DataFrame, name: str) -> str:
    known = df[df["value"].notna()]
    if not len(known):
        return "no owner has a decided term"
    many = int(known["band"].max())
    if many == 1:
        return f"{len(known)} owners cannot be told apart"
    first = known[known["band"] == 1]
    return f"{len(known)} owners in {many} bands; in the first: {', '.join(map(str, first[name].head(4)))}"
