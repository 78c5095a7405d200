"""The words of a pack, made from its numbers by rules: direction, size, plan, prior year, cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.board.figures import MINUS
from saasmetrics.money import format_difference, format_money, format_ratio

if TYPE_CHECKING:
    from saasmetrics.result import Result

_LEVEL = 0.0005  # of a share: less reads as 0.0%
_NAMED = 2  # causes in a sentence
_REASONS = {
    "new": "new customers", "seats": "seats", "price": "prices", "plan": "plan changes",
    "cross_sell": "cross-sell", "discount_end": "ended discounts", "escalator": "contracted uplifts",
    "churn_unknown": "churn of unknown cause", "churn_voluntary": "voluntary churn",
    "churn_involuntary": "involuntary churn", "paused": "pauses", "fx": "exchange rates",
    "reactivation": "returning customers", "mix": "the mix of segments",
}  # fmt: skip
_AGAINST = {  # reasons that pull one way: how they are told where they pulled less than before
    1: {
        "churn_unknown": "less", "churn_voluntary": "less", "churn_involuntary": "less", "paused": "fewer",
    },
    -1: {
        "new": "fewer", "reactivation": "fewer", "cross_sell": "less", "escalator": "fewer",
        "discount_end": "fewer",
    },
}  # fmt: skip


def by_share(share: float | None) -> str:
    """Return a change in per cent with its sign.

    Examples
    --------
    >>> by_share(0.42), by_share(-0.013), by_share(None)
    ('+42.0%', '−1.3%', '')
    """
    if share is None:
        return ""
    sign = "+" if share >= _LEVEL else MINUS if share <= -_LEVEL else "±"
    return f"{sign}{format_ratio(abs(share))}"


def against_plan(share: float | None) -> str:
    """Return how a number stands to plan.

    Examples
    --------
    >>> against_plan(-0.01), against_plan(0.0), against_plan(None)
    ('1.0% under plan', 'on plan', '')
    """
    if share is None:
        return ""
    if abs(share) < _LEVEL:
        return "on plan"
    return f"{format_ratio(abs(share))} {'above' if share > 0 else 'under'} plan"


def points(difference: float | None, than: str) -> str:
    """Return how a rate stands to another, in percentage points.

    Examples
    --------
    >>> points(-0.021, "plan"), points(None, "plan")
    ('2.1 pp under plan', '')
    """
    if difference is None:
        return ""
    if abs(difference) < _LEVEL:
        return f"level with {than}" if than != "plan" else "on plan"
    word = (
        ("above" if difference > 0 else "under")
        if than == "plan"
        else ("up on" if difference > 0 else "down on")
    )
    return f"{abs(difference) * 100:.1f} pp {word} {than}"


def listed(parts: list[str]) -> str:
    """Return parts of a sentence with commas, and with an "and" before the last.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", ""])
    ('a, b and c', 'a')
    """
    kept = [part for part in parts if part]
    return " and ".join([", ".join(kept[:-1]), kept[-1]]) if len(kept) > 1 else "".join(kept)


def reason(drivers: Result) -> str:
    """Return the one reason that moved a number most in the direction in which it went.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> reason(sm.retention.drivers(sm.demo(customers=100), "arr", freq="Q"))
    'new customers'
    """
    steps, gap = drivers.extra["steps"], drivers.extra["difference"]
    pulled = steps[steps["value"] * gap > 0]
    if not len(pulled):
        return ""
    step = pulled.loc[pulled["value"].abs().idxmax(), "step"]
    return _reason(str(step))


def causes(drivers: Result, currency: str) -> str:
    """Return what moved a number, up and down, as a sentence; the parts are those of the exact decomposition.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> causes(sm.retention.drivers(sm.demo(customers=100), "arr", freq="Q"), "USD")[:22]
    'Up by new customers (+'
    """
    steps, unit = drivers.extra["steps"], drivers.extra["unit"]
    said = []
    for word, sign in (("up", 1), ("down", -1)):
        pulled = steps[steps["value"] * sign > 0]
        order = pulled["value"].abs().sort_values(ascending=False).index[:_NAMED]
        names = []
        for at in order:
            value = format_difference(float(pulled.at[at, "value"]), unit, currency)
            names.append(f"{_pulled(str(pulled.at[at, 'step']), sign)} ({value})")
        if names:
            said.append(f"{word} by {listed(names)}")
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def who(drivers: Result, names: dict[str, str], currency: str, most: int = 3) -> str:
    """Return the customers that moved a number most, as a sentence.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> who(sm.retention.drivers(sm.demo(customers=100), "arr", freq="Q"), {}, "USD")[:12]
    'Moved most b'
    """
    top, unit = drivers.extra["top"].head(most), drivers.extra["unit"]
    said = [
        f"{names.get(str(row.customer_id), str(row.customer_id))} "
        f"({format_difference(float(row.value), unit, currency)})"
        for row in top.itertuples()
        if row.value
    ]
    return f"Moved most by {listed(said)}." if said else ""


def _reason(step: str) -> str:
    return _REASONS.get(step, step.replace("_", " "))


def _pulled(step: str, sign: int) -> str:
    """Return a reason in words, less of it where it pulled against its nature: a rate is up by less churn."""
    return f"{_AGAINST[sign].get(step, '')} {_reason(step)}".strip()


def money(value: float | None, currency: str) -> str:
    """Return an amount of a sentence with a true minus.

    Examples
    --------
    >>> money(-950.0, "USD")
    '−$950'
    """
    return format_money(value, currency).replace("-", MINUS, 1)
