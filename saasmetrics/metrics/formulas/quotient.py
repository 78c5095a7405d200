"""Division and range checks shared by the formulas."""

from __future__ import annotations

import math

from saasmetrics.errors import DataError


def quotient(numerator: float, denominator: float) -> float | None:
    """Divide, or return None where nothing can be divided by.

    Parameters
    ----------
    numerator, denominator
        Any numbers. A denominator of 0 makes the answer None, never 0 or infinity.

    Returns
    -------
    float or None
        The quotient.

    Examples
    --------
    >>> quotient(1, 4)
    0.25
    >>> quotient(1, 0) is None
    True
    """
    if denominator == 0 or math.isnan(denominator) or math.isnan(numerator):
        return None
    return float(numerator / denominator)


def check_share(name: str, value: float) -> float:
    """Refuse a rate that is not between 0 and 1, as a per cent typed for a share would be.

    Parameters
    ----------
    name
        Name of the argument, for the message.
    value
        The rate.

    Returns
    -------
    float
        The rate as given.

    Raises
    ------
    DataError
        If it is below 0 or above 1.

    Examples
    --------
    >>> check_share("churn", 0.05)
    0.05
    """
    if not 0 <= value <= 1:
        hint = f" Did you mean {value / 100:g}?" if 1 < value <= 100 else ""
        msg = f"{name} must be a share between 0 and 1 (0.05 is 5 %), not {value:g}.{hint}"
        raise DataError(msg)
    return value
