"""The widgets of saasmetrics for JupyterLab, Notebook, Voila and other homes of ipywidgets.

- Explorer: headline numbers, bridge, why a number moved, cohorts and survival, by any policy
- DefinitionSwitch: a number under two policies, and what lies between
- CohortReview: cohorts, two of them compared with a test, and notes that are kept
- SurvivalExplorer: how long customers stay, why they leave, and a model that goes on
- UnitEconomics: LTV to CAC and payback by segment under levers, and scenarios that are kept
- RenewalDesk: what became of terms, what comes up, and the chance of a target
- SuccessBoard: targets, health, alerts, and whom to call first
- CapacityPlanner: tickets to come, when to hire, and books of business
- BoardPackBuilder: the pages of a board pack, their words, and its files
- ImportAssistant: what raw exports are, column by column, and the tables that are made of them
- MetricWidget: what they share
- to_html: widgets on a page that works without Python and without the network
- enable_colab: lets them work in Google Colab, which needs the network for it
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saasmetrics_widgets.assistant import ImportAssistant
    from saasmetrics_widgets.base import MetricWidget
    from saasmetrics_widgets.builder import BoardPackBuilder
    from saasmetrics_widgets.connected import enable_colab
    from saasmetrics_widgets.desk import RenewalDesk, renewal_desk
    from saasmetrics_widgets.economics import UnitEconomics, unit_economics
    from saasmetrics_widgets.explorer import Explorer, explore
    from saasmetrics_widgets.lives import SurvivalExplorer, explore_survival
    from saasmetrics_widgets.page import to_html
    from saasmetrics_widgets.planner import CapacityPlanner, plan_capacity
    from saasmetrics_widgets.review import CohortReview, review_cohorts
    from saasmetrics_widgets.success import SuccessBoard, success_board
    from saasmetrics_widgets.switch import DefinitionSwitch, switch_definitions

__all__ = [
    "BoardPackBuilder",
    "CapacityPlanner",
    "CohortReview",
    "DefinitionSwitch",
    "Explorer",
    "ImportAssistant",
    "MetricWidget",
    "RenewalDesk",
    "SuccessBoard",
    "SurvivalExplorer",
    "UnitEconomics",
    "enable_colab",
    "explore",
    "explore_survival",
    "plan_capacity",
    "renewal_desk",
    "review_cohorts",
    "success_board",
    "switch_definitions",
    "to_html",
    "unit_economics",
]

_HOMES = {
    "assistant": ("ImportAssistant",),
    "base": ("MetricWidget",),
    "builder": ("BoardPackBuilder",),
    "connected": ("enable_colab",),
    "desk": ("RenewalDesk", "renewal_desk"),
    "economics": ("UnitEconomics", "unit_economics"),
    "explorer": ("Explorer", "explore"),
    "lives": ("SurvivalExplorer", "explore_survival"),
    "page": ("to_html",),
    "planner": ("CapacityPlanner", "plan_capacity"),
    "review": ("CohortReview", "review_cohorts"),
    "success": ("SuccessBoard", "success_board"),
    "switch": ("DefinitionSwitch", "switch_definitions"),
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use: magics and versions need no widgets."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"saasmetrics_widgets.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell `jupyter labextension develop` where the extension is, for who works on it; wheels carry it themselves."""
    return [{"src": "../labextension", "dest": "jupyter-saasmetrics"}]
