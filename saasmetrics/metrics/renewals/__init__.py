"""The renewal desk: what comes up for renewal, what became of it, what will, and what customers buy on top.

- rates: of what came up, the share renewed: gross, net, full, logo, churn
- waterfall: from what came up to what it is worth after renewal
- calendar: what comes up in the next quarters, by forecast category
- forecast, accuracy: how much will renew, with its distribution; what such forecasts said before past quarters
- expansion: how long until customers first pay more, and for what
"""

from __future__ import annotations

from saasmetrics.metrics.renewals.accuracy import accuracy
from saasmetrics.metrics.renewals.calendar import calendar
from saasmetrics.metrics.renewals.expansion import expansion
from saasmetrics.metrics.renewals.forecast import forecast
from saasmetrics.metrics.renewals.rates import rates
from saasmetrics.metrics.renewals.waterfall import waterfall

__all__ = ["accuracy", "calendar", "expansion", "forecast", "rates", "waterfall"]


def __dir__() -> list[str]:
    return __all__
