"""How many people customer success and support need, whom they lead, and when to hire.

- load: requests and customers per head
- books: accounts and ARR of each customer success manager, against limits
- spans, pods: people per manager, and how people make pods
- effective, attrition: what a team amounts to while some still learn, and how many leave
"""

from __future__ import annotations

from saasmetrics.success.capacity.attrition import attrition
from saasmetrics.success.capacity.books import books
from saasmetrics.success.capacity.load import load
from saasmetrics.success.capacity.ramps import effective
from saasmetrics.success.capacity.spans import pods, spans

__all__ = ["attrition", "books", "effective", "load", "pods", "spans"]


def __dir__() -> list[str]:
    return __all__
