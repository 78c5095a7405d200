"""Plans of numbers that other pages show, beside what came of them: churned ARR, logo churn, payback and such."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from saasmetrics.board.asked import PLANNED
from saasmetrics.board.figures import unit_in_pack
from saasmetrics.board.model import Row, Text
from saasmetrics.board.pages.summary import verdict_id
from saasmetrics.board.pages.t9q import customers_id, net_new
from saasmetrics.errors import DataError, InvalidTablesError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from saasmetrics.board.making import Making
    from saasmetrics.result import Result

_MOVED = {
    "new_arr": "new",
    "expansion_arr": "expansion",
    "contraction_arr": "contraction",
    "churned_arr": "churn",
}
_NAMES = {
    "new_arr": "new ARR", "expansion_arr": "expansion ARR", "contraction_arr": "contraction ARR",
    "churned_arr": "churned ARR", "net_new_arr": "net new ARR", "cac_ratio": "CAC ratio",
    "rule_of_40": "rule of 40", "ltv_cac": "LTV:CAC", "payback": "CAC payback",
}  # fmt: skip


class Standing(NamedTuple):
    """How a number stands against its plan: a row of the table, and the share of the plan, None if not known."""

    name: str
    row: Row
    attained: float | None


def name_of(metric: str) -> str:
    """Return how a planned number is called within a sentence."""
    short = metric.upper() if len(metric) <= 3 else metric.replace("_", " ")
    return _NAMES.get(metric, short)


def _label(metric: str) -> str:
    name = name_of(metric)
    return name[0].upper() + name[1:]


def standings(making: Making, known: Sequence[str], missing: list[str]) -> list[Standing]:
    """Return how the quarter's planned numbers stand that are not `known`; what cannot be had is added to `missing`."""
    out = []
    for metric in PLANNED:
        if metric in known or not (goal := _goal(making, metric)):
            continue
        try:
            now = _came(making, metric)
        except InvalidTablesError:
            raise
        except DataError as error:
            missing.append(f"{_label(metric)}: {error}")
            now = ""
        out.append(_standing(making, metric, now, goal))
    return out


def _goal(making: Making, metric: str) -> str:
    from saasmetrics.metrics.all import CATALOGUE

    unit = "count" if metric == "customers" else "money"
    if metric in CATALOGUE:
        unit = unit_in_pack(metric, CATALOGUE[metric].unit)
    return making.plan(metric, making.now, unit)


def _came(making: Making, metric: str) -> str:
    """Return the id of what came of a plan: the same number as on the page that is about it."""
    from saasmetrics.metrics import economics, retention

    if metric in _MOVED:
        return making.move(_MOVED[metric], making.now)
    if metric == "net_new_arr":
        return net_new(making, making.now)
    if metric == "customers":
        return customers_id(making, making.now)
    if metric in ("ltv_cac", "payback"):
        return verdict_id(making, metric)
    ways: dict[str, Callable[..., Result]] = {
        "logo_churn": retention.logo_churn,
        "cac_ratio": economics.cac_ratio,
        "burn_multiple": economics.burn_multiple,
        "rule_of_40": economics.rule_of_40,
    }
    return making.rate(ways[metric](making.book, freq="Q"), making.now)


def _standing(making: Making, metric: str, now: str, goal: str) -> Standing:
    numbers, name = making.numbers, name_of(metric)
    label, key = _label(metric), f"target[company][{metric}]"
    aim = numbers.derived(f"{key}.goal", f"{label}, target", "plan", {"plan": goal})
    if not now:
        return Standing(name, Row(label, (Text("–"), aim, Text(""))), None)
    came = numbers.derived(f"{key}.actual", f"{label}, actual", "now", {"now": now})
    if (making.value(came) or 0.0) < 0 < (making.value(aim) or 0.0):
        return Standing(name, Row(label, (came, aim, Text("n.m."))), None)
    parts = {"actual": came, "goal": aim}
    lost = (making.value(aim) or 0.0) < 0 and _is_less_better(metric)
    formula = "max(actual, -actual) / max(goal, -goal)" if lost else "actual / goal"
    share = numbers.derived(f"{key}.share", f"{label}, of target", formula, parts, "ratio")
    return Standing(name, Row(label, (came, aim, share)), _attained(making, metric, came, aim))


def _attained(making: Making, metric: str, came: str, aim: str) -> float | None:
    """Return the share of a plan that was reached, or of what is lost the plan as a share of it; None if not known."""
    actual, plan = making.value(came), making.value(aim)
    if actual is None or plan is None:
        return None
    if not _is_less_better(metric):
        return actual / plan if plan > 0 else None
    actual, plan = abs(actual), abs(plan)
    return plan / actual if actual > 0 else 1.0


def _is_less_better(metric: str) -> bool:
    from saasmetrics.metrics.all import CATALOGUE

    if metric in CATALOGUE:
        return CATALOGUE[metric].better == "lower"
    return metric in ("churned_arr", "contraction_arr")
