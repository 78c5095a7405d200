"""Price lists, in dollars and euros per seat and month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.sample.truths import PARAMETERS

if TYPE_CHECKING:
    from saasmetrics.sample.company import Bools, Floats, Ints

_SEAT = np.array([[24.0, 22.0], [39.0, 36.0], [59.0, 55.0]])  # plan x (USD, EUR)
_ADDON = np.array([9.0, 8.0])


def list_in_force(month: int) -> int:
    """Give the number of price rises that new and renewing customers have to pay for."""
    return sum(rise <= month for rise in PARAMETERS.price_rises)


def seat_price(plan: Ints, price_list: Ints, euro: Bools) -> Floats:
    """Give the list price per seat and month, rounded to ten cents as printed on the list."""
    rises = np.cumprod([1.0, *(1 + rise for rise in PARAMETERS.price_rises.values())])
    price: Floats = np.round(_SEAT[plan, euro.astype(np.int64)] * rises[price_list], 1)
    return price


def addon_price(euro: Bools) -> Floats:
    """Give the list price of the analytics add-on per seat and month."""
    price: Floats = _ADDON[euro.astype(np.int64)]
    return price
