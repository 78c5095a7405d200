"""What comes next: MRR and NRR of the next quarters, scenarios, what matters most, and how good forecasts were.

- mrr, nrr: expected, with the range that holds four of five outcomes
- Scenario, scenarios: what is assumed to be different; several side by side
- tornado: what moves MRR most
- backtest: what forecasts would have said at the end of past quarters, and what came
"""

from __future__ import annotations

from saasmetrics.forecast.kept import nrr
from saasmetrics.forecast.levers import scenarios, tornado
from saasmetrics.forecast.outlook import mrr
from saasmetrics.forecast.past import backtest
from saasmetrics.forecast.scenario import Scenario

__all__ = ["Scenario", "backtest", "mrr", "nrr", "scenarios", "tornado"]


def __dir__() -> list[str]:
    return __all__
