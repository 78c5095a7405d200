"""How many people customer success and support need, whom they lead, and when to hire.

- load: requests and customers per head
- books: accounts and ARR of each customer success manager, against limits
- spans, pods: people per manager, and how people make pods
- workload, touch_workload: people that tickets take; time that the accounts of a book take
- demand, demand_backtest: tickets to come, and how good such forecasts were
- drivers: whether tickets follow trials or customers, and since when no more
- staffing: people at work by hour of the week, for calls and chats
- hiring_plan: when to open requisitions, and the chance of being short of people
- flexible, carve_out: own or hired people; a lane of its own for long tickets
- stage, triggers: which numbers matter at which size (a Stage), and what is due to be set up
- Baseline: numbers of a day, frozen, to set later ones against
- effective, attrition: what a team amounts to while some still learn, and how many leave
"""

from __future__ import annotations

from saasmetrics.success.capacity.attrition import attrition
from saasmetrics.success.capacity.baseline import Baseline
from saasmetrics.success.capacity.books import books
from saasmetrics.success.capacity.demand import demand, demand_backtest
from saasmetrics.success.capacity.drivers import drivers
from saasmetrics.success.capacity.flexible import flexible
from saasmetrics.success.capacity.hiring import hiring_plan
from saasmetrics.success.capacity.lanes import carve_out
from saasmetrics.success.capacity.load import load
from saasmetrics.success.capacity.ramps import effective
from saasmetrics.success.capacity.spans import pods, spans
from saasmetrics.success.capacity.staffing import staffing
from saasmetrics.success.capacity.stage import Stage, stage, triggers
from saasmetrics.success.capacity.touch import touch_workload
from saasmetrics.success.capacity.workload import workload

__all__ = [
    "Baseline",
    "Stage",
    "attrition",
    "books",
    "carve_out",
    "demand",
    "demand_backtest",
    "drivers",
    "effective",
    "flexible",
    "hiring_plan",
    "load",
    "pods",
    "spans",
    "staffing",
    "stage",
    "touch_workload",
    "triggers",
    "workload",
]


def __dir__() -> list[str]:
    return __all__
