"""Plans and colors of a pack as people write them: one line each, with bars between the parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from saasmetrics.board.asked import COLORS, PAPERS, PLANNED, Settings
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_PAPERS = {"16:9": "16:9, as slides", "a4": "A4"}


def targets_of(text: str) -> dict[str, dict[str, float]]:
    r"""Return plans from lines: metric, period and value; a rate may be written in per cent.

    Raises
    ------
    DataError
        If a line has other parts, or its value is no number.

    Examples
    --------
    >>> targets_of("arr | 2026-Q4 | 5,200,000\nnrr | 2026-Q4 | 104%")
    {'arr': {'2026-Q4': 5200000.0}, 'nrr': {'2026-Q4': 1.04}}
    """
    found: dict[str, dict[str, float]] = {}
    for line in filter(str.strip, text.splitlines()):
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3:
            msg = f"{line.strip()!r} is no plan: write metric | period | value, such as arr | 2026-Q4 | 5200000."
            raise DataError(msg)
        metric, period, value = parts
        if period in found.get(metric, {}):
            raise DataError(f"The plan has {metric} of {period} twice. Keep one line.")
        found.setdefault(metric, {})[period] = _number(value, line)
    return found


def targets_as_text(targets: Mapping[str, Mapping[str, float]]) -> str:
    r"""Return plans as lines.

    Examples
    --------
    >>> targets_as_text({"arr": {"2026-Q4": 5_200_000.0}, "nrr": {"2026-Q4": 1.04}})
    'arr | 2026-Q4 | 5200000\nnrr | 2026-Q4 | 1.04'
    """
    return "\n".join(
        f"{metric} | {period} | {int(value) if value == int(value) else repr(value)}"
        for metric, periods in targets.items()
        for period, value in periods.items()
    )


def colors_of(text: str) -> dict[str, str]:
    r"""Return colors from lines: what is colored, and the color.

    Raises
    ------
    DataError
        If a line has other parts.

    Examples
    --------
    >>> colors_of("good | #1b7f5c\nbad | #b03a2e")
    {'good': '#1b7f5c', 'bad': '#b03a2e'}
    """
    found = {}
    for line in filter(str.strip, text.splitlines()):
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 2:
            msg = f"{line.strip()!r} is no color: write what | color, such as good | #1b7f5c."
            raise DataError(msg)
        found[parts[0]] = parts[1]
    return found


def fields(asked: Settings) -> list[dict[str, Any]]:
    """Return the fields of the plan and of the looks of a pack."""
    colors = "\n".join(f"{name} | {color}" for name, color in asked.colors.items())
    paper = [[key, _PAPERS[key]] for key in PAPERS]
    return [
        {
            "name": "targets", "label": "Plan: metric | period | value", "kind": "lines", "rows": 4,
            "value": targets_as_text(asked.targets), "hint": "arr | 2026-Q4 | 5200000",
            "tip": f"Metrics: {', '.join(PLANNED)}",
        },
        {
            "name": "colors", "label": "Colors: what | color", "kind": "lines", "rows": 4, "value": colors,
            "hint": "good | #1b7f5c", "tip": f"What: {', '.join(COLORS)}",
        },
        {"name": "logo", "label": "Logo", "kind": "text", "value": asked.logo, "hint": "logo.svg or logo.png"},
        {
            "name": "template", "label": "Template of the slides", "kind": "text", "value": asked.template,
            "hint": "company.pptx",
        },
        {"name": "paper", "label": "Paper of the PDF", "kind": "select", "value": asked.paper, "options": paper},
    ]  # fmt: skip


def _number(text: str, line: str) -> float:
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text.rstrip("% ")) else text
    percent = plain.endswith("%")
    try:
        number = float(plain.rstrip("% "))
    except ValueError as error:
        msg = f"{text!r} in {line.strip()!r} is no number: write 5200000, or 104% for a rate."
        raise DataError(msg) from error
    return round(number / 100, 12) if percent else number
