"""How many people customer success and support need, whom they lead, and when to hire.

- load: requests and customers per head
- books: accounts and ARR of each customer success manager, against limits
- spans, pods: people per manager, and how people make pods
- demand, demand_backtest: tickets to come, and how good such forecasts were
- drivers: whether tickets follow trials or customers, and since when no more
- staffing: people at work by hour of the week, for calls and chats
- hiring_plan: when to open requisitions, and the chance of being short of people
- effective, attrition: what a team amounts to while some still learn, and how many leave
"""

from __future__ import annotations

from saasmetrics.success.capacity.attrition import attrition
from saasmetrics.success.capacity.books import books
from saasmetrics.success.capacity.demand import demand, demand_backtest
from saasmetrics.success.capacity.drivers import drivers
from saasmetrics.success.capacity.hiring import hiring_plan
from saasmetrics.success.capacity.load import load
from saasmetrics.success.capacity.ramps import effective
from saasmetrics.success.capacity.spans import pods, spans
from saasmetrics.success.capacity.staffing import staffing

__all__ = [
    "attrition",
    "books",
    "demand",
    "demand_backtest",
    "drivers",
    "effective",
    "hiring_plan",
    "load",
    "pods",
    "spans",
    "staffing",
]


def __dir__() -> list[str]:
    return __all__
