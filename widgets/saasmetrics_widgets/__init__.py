"""The widgets of saasmetrics for JupyterLab, Notebook, Voila and other homes of ipywidgets.

- Explorer: headline numbers, bridge, why a number moved, cohorts and survival, by any policy
- DefinitionSwitch: a number under two policies, and what lies between
- CohortReview: cohorts, two of them compared with a test, and notes that are kept
- SurvivalExplorer: how long customers stay, why they leave, and a model that goes on
- UnitEconomics: LTV to CAC and payback by segment under levers, and scenarios that are kept
- MetricWidget: what they share
"""

from __future__ import annotations

from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.economics import UnitEconomics, unit_economics
from saasmetrics_widgets.explorer import Explorer, explore
from saasmetrics_widgets.lives import SurvivalExplorer, explore_survival
from saasmetrics_widgets.review import CohortReview, review_cohorts
from saasmetrics_widgets.switch import DefinitionSwitch, switch_definitions

__all__ = [
    "CohortReview",
    "DefinitionSwitch",
    "Explorer",
    "MetricWidget",
    "SurvivalExplorer",
    "UnitEconomics",
    "explore",
    "explore_survival",
    "review_cohorts",
    "switch_definitions",
    "unit_economics",
]
