"""What customers say in surveys: scores with intervals, what changed, and who answers at all.

- nps: net promoter score by period and group, with the share of promoters
- csat: share of satisfied answers; scales of different lengths by one rule
- ces: customer effort
- compare: two periods, or groups, against chance
- bias: those who answer against those who do not, in MRR and churn
"""

from __future__ import annotations

from saasmetrics.metrics.surveys.bias import bias
from saasmetrics.metrics.surveys.compare import compare
from saasmetrics.metrics.surveys.effort import ces
from saasmetrics.metrics.surveys.promoters import nps
from saasmetrics.metrics.surveys.satisfaction import csat

__all__ = ["bias", "ces", "compare", "csat", "nps"]


def __dir__() -> list[str]:
    return __all__
