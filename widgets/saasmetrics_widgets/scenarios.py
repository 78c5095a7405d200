"""Levers in whole per cent with their words, and scenarios side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from saasmetrics.charts.text import shortened
from saasmetrics.errors import DataError
from saasmetrics.money import format_value
from saasmetrics_widgets import verdicts
from saasmetrics_widgets.given import shown, writable
from saasmetrics_widgets.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from saasmetrics_widgets.cards import Reading

    First = Callable[[str, Mapping[str, Any]], tuple[Reading, Mapping[str, Any]]]

LEVERS = {"churn": "Churn", "price": "Price", "margin": "Gross margin", "cac": "CAC"}
REACH = 50  # per cent that a lever can be moved, up and down
AS_IT_IS = "As it is"
UNMOVED: dict[str, Any] = {"name": AS_IT_IS, **dict.fromkeys(LEVERS, 0)}
_WIDTH, _ROW, _HEAD = 560, 36, 22
_COLUMNS = (330, 400, 470)
_HEADS = ("LTV:CAC", "P of 3:1", "Payback")


def signed(value: int) -> str:
    """Return a change in per cent as people read it.

    Examples
    --------
    >>> signed(5), signed(-10), signed(0)
    ('+5%', '−10%', 'as it is')
    """
    return f"{'+' if value > 0 else '−'}{abs(value)}%" if value else "as it is"


STEPS = {value: signed(value) for value in range(-REACH, REACH + 1)}


def moved(levers: Mapping[str, Any]) -> str:
    """Return what is moved in words.

    Examples
    --------
    >>> moved({"churn": -10, "price": 0, "margin": 0, "cac": 5}), moved(UNMOVED)
    ('Churn −10%, CAC +5%', 'As it is')
    """
    said = [
        f"{label.lower() if label != 'CAC' else label} {signed(levers[name])}"
        for name, label in LEVERS.items()
        if levers[name]
    ]
    words = ", ".join(said) or AS_IT_IS
    return words[:1].upper() + words[1:]


def lever(name: str, value: Any) -> int:
    """Return a lever as whole per cent, or refuse what is none.

    Examples
    --------
    >>> lever("churn", -10), lever("cac", None)
    (-10, 0)
    """
    if value is None:
        return 0
    number = isinstance(value, int | float) and value == value and abs(value) <= REACH
    if not number or int(value) != value:
        msg = f"{name}={shown(value)} is no change in whole per cent from -{REACH} to {REACH}."
        raise DataError(msg)
    return int(value)


def checked(one: Any) -> dict[str, Any]:
    """Return a scenario in its form, or refuse what is none.

    Examples
    --------
    >>> checked({"name": " Cheaper leads ", "cac": -20})
    {'name': 'Cheaper leads', 'churn': 0, 'price': 0, 'margin': 0, 'cac': -20}
    """
    given = one.get("name") if hasattr(one, "get") else ""
    name = writable(given).strip() if isinstance(given, str) else ""
    if not name or name == AS_IT_IS:
        msg = f"A scenario needs a name of its own, such as 'Cheaper leads', not {shown(name)}."
        raise DataError(msg)
    return {"name": name, **{of: lever(of, one.get(of)) for of in LEVERS}}


def all_checked(given: Any) -> list[dict[str, Any]]:
    """Return scenarios in their form, or refuse what is no list of them.

    Examples
    --------
    >>> all_checked([])
    []
    """
    if not isinstance(given, list | tuple):
        msg = f"{shown(given)} is no list of scenarios."
        raise DataError(msg)
    return [checked(one) for one in given]


def panel(
    scenarios: Sequence[Mapping[str, Any]],
    now: Mapping[str, Any],
    first: First,
    code: Callable[[Mapping[str, Any]], str],
    currency: str,
) -> dict[str, Any]:
    """Return scenarios one below the other, with both numbers of all customers.

    Parameters
    ----------
    scenarios
        What is kept; the numbers as they are come first.
    now
        The controls: the scenario that is shown is marked.
    first
        From "ratio" or "months" and levers to the number of all customers and its row.
    code
        From levers to the Python behind the number.
    currency
        Of the book.
    """
    rows, title = [UNMOVED, *scenarios], "Scenarios, all customers"
    scene = Scene(_WIDTH, _HEAD + _ROW * len(rows) + 4, title)
    scene.text(4, 14, "Scenario", size=10.5, fill="muted")
    for x, head in zip(_COLUMNS, _HEADS, strict=True):
        scene.text(x, 14, head, size=10.5, fill="muted")
    for number, one in enumerate(rows):
        _scenario(scene, one, number, now, first, currency)
    text = json.dumps(scene.as_dict(), ensure_ascii=False)
    note = "Choose one to move the levers to it."
    if not scenarios:
        note = "Keep levers under a name to compare them."
    codes = "\n".join(map(code, rows))
    return {"title": title, "note": note, "scene": text, "key": text, "code": codes}


def _scenario(
    scene: Scene,
    one: Mapping[str, Any],
    number: int,
    now: Mapping[str, Any],
    first: First,
    currency: str,
) -> None:
    (ratio, row), (months, _) = first("ratio", one), first("months", one)
    name, levers = one["name"], moved(one) if one["name"] != AS_IT_IS else ""
    texts = (
        format_value(ratio.value, "multiple", currency),
        verdicts.chance(row).removeprefix("P "),
        format_value(months.value, "months", currency),
    )
    y, pick = _HEAD + _ROW * number, {"of": "kept", "name": name}
    shown = all(one[name] == now[name] for name in LEVERS)
    say = ", ".join(text for text in (name, levers, *texts) if text)
    fill, room = "ground" if shown else "none", _COLUMNS[0] - 12
    scene.mark((0, y, _WIDTH, _ROW - 2), pick, say, place=(number, 0), fill=fill)
    middle = y + _ROW / 2 + 3
    top = y + 14 if levers else middle
    scene.text(4, top, shortened(name, room, 11.5), size=11, bold=True)
    scene.text(4, y + 28, shortened(levers, room, 10), size=10, fill="muted")
    tones = (_tone(ratio), "ink", _tone(months))
    for x, text, tone in zip(_COLUMNS, texts, tones, strict=True):
        scene.text(x, middle, text, size=11, fill=tone)


def _tone(this: Reading) -> str:
    return {"pass": "gain", "fail": "loss"}.get(this.verdict, "ink")
