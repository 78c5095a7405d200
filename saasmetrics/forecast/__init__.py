"""What comes next: MRR and NRR of the next quarters, scenarios, what matters most, and how good forecasts were."""

from saasmetrics.forecast.kept import nrr
from saasmetrics.forecast.levers import scenarios, tornado
from saasmetrics.forecast.outlook import mrr
from saasmetrics.forecast.past import backtest
from saasmetrics.forecast.scenario import Scenario

__all__ = ["Scenario", "backtest", "mrr", "nrr", "scenarios", "tornado"]
