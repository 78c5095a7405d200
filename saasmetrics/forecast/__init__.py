"""What comes next: MRR and NRR of the next quarters, scenarios, what matters most, and how good forecasts were."""

from saasmetrics.forecast.outlook import mrr, nrr
from saasmetrics.forecast.scenario import Scenario

__all__ = ["Scenario", "mrr", "nrr"]
