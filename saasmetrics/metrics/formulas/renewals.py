"""Renewal rates of what came up, and what a pool of renewals is expected to bring."""

from __future__ import annotations

from collections.abc import Sequence

from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.quotient import check_share, quotient


def gross_renewal_rate(expiring: Sequence[float], renewed: Sequence[float]) -> float | None:
    """Gross renewal rate: what was renewed up to the expiring value, per value that came up.

    Parameters
    ----------
    expiring, renewed
        Value of each contract before its end, and after it; 0 for one that was lost.

    Returns
    -------
    float or None
        Between 0 and 1; None where nothing came up.

    Raises
    ------
    DataError
        If the two are not equally long.

    Examples
    --------
    >>> gross_renewal_rate([100, 200, 100], [100, 260, 0])
    0.75
    """
    pairs = _pairs(expiring, renewed)
    return quotient(sum(min(old, new) for old, new in pairs), sum(old for old, _ in pairs))


def net_renewal_rate(expiring: Sequence[float], renewed: Sequence[float]) -> float | None:
    """Net renewal rate: value after renewal per value that came up.

    Parameters
    ----------
    expiring, renewed
        As for `gross_renewal_rate`.

    Returns
    -------
    float or None
        At least 0; None where nothing came up.

    Raises
    ------
    DataError
        If the two are not equally long.

    Examples
    --------
    >>> net_renewal_rate([100, 200, 100], [100, 260, 0])
    0.9
    """
    pairs = _pairs(expiring, renewed)
    return quotient(sum(new for _, new in pairs), sum(old for old, _ in pairs))


def expected_renewals(pool: float, probability: float) -> float:
    """Expected renewals: the value that comes up times the probability that it renews.

    Parameters
    ----------
    pool
        Value that comes up.
    probability
        Share between 0 and 1.

    Returns
    -------
    float
        In the unit of the pool.

    Raises
    ------
    DataError
        If the probability is not between 0 and 1.

    Examples
    --------
    >>> expected_renewals(2_000_000, 0.9)
    1800000.0
    """
    return float(pool * check_share("probability", probability))


def _pairs(expiring: Sequence[float], renewed: Sequence[float]) -> list[tuple[float, float]]:
    if len(expiring) != len(renewed):
        msg = f"Give both values of every contract: {len(expiring)} expire, but {len(renewed)} are renewed or lost."
        raise DataError(msg)
    return list(zip(expiring, renewed, strict=True))
