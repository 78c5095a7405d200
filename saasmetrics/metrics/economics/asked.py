"""What is asked of unit economics, checked: shares, targets, and which spend counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from saasmetrics.asked import is_number
from saasmetrics.errors import DataError

HORIZON = 60  # months: Cohen's cap, and longer than most companies have data for
DISCOUNT = 0.10  # a year


def check_margin(margin: Any) -> None:
    """Refuse a gross margin that is not a share above 0 and at most 1.

    Examples
    --------
    >>> check_margin(0.8)
    """
    if is_number(margin) and 0 < margin <= 1:
        return
    hint = f" Did you mean {margin / 100:g}?" if is_number(margin) and 1 < margin <= 100 else ""
    msg = f"margin is a share of revenue above 0 and up to 1, 0.8 for 80 %, not {_said(margin)}.{hint}"
    raise DataError(msg)


def check_discount(discount: Any) -> None:
    """Refuse a discount that is not a yearly rate from 0 to below 1.

    Examples
    --------
    >>> check_discount(0.1)
    """
    if not is_number(discount) or not 0 <= discount < 1:
        msg = f"discount is a yearly rate as a share, 0.10 for 10 %, not {_said(discount)}."
        raise DataError(msg)


def check_target(target: Any) -> None:
    """Refuse a target that is not a number above 0.

    Examples
    --------
    >>> check_target(3.0)
    """
    if not is_number(target) or not 0 < target < float("inf"):
        msg = f"target={target!r} is not the bar to reach: a number above 0."
        raise DataError(msg)


def functions_of(spend: Any) -> tuple[str, ...]:
    """Return the functions of the table spend that count.

    Examples
    --------
    >>> functions_of("sales"), functions_of(["sales", "marketing"])
    (('sales',), ('sales', 'marketing'))
    """
    found = (spend,) if isinstance(spend, str) or not isinstance(spend, Iterable) else tuple(spend)
    if found and all(isinstance(name, str) for name in found):
        return tuple(dict.fromkeys(found))
    msg = (
        f"spend={spend!r} names no function of the table spend: pass one or several, such as "
        'spend="sales" or spend=["sales", "marketing"].'
    )
    raise DataError(msg)


def _said(value: Any) -> str:
    return f"{value:g}" if is_number(value) else repr(value)
