"""Policy: every definition choice in one frozen value, so that a number can say how it was computed.

The choices, their alternatives and the sentence for each are data in `policies/choices.json`; a named preset is
one more file beside it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from saasmetrics.errors import UnknownNameError, hint

# The choices that decide what the ledger holds; the others only decide how its sums are combined.
DATA_CHOICES = (
    "entity",
    "view",
    "gap_days",
    "new_after_days",
    "churn_date",
    "past_due",
    "same_period",
    "pause",
    "discount",
    "usage",
    "refunds",
    "trial",
    "week",
    "day",
    "overlap",
    "end",
    "service_end",
    "recognition",
    "fx",
    "knowledge",
    "return_price",
)
_FOLDER = Path(__file__).parent / "policies"


@cache
def choices() -> dict[str, dict[str, Any]]:
    """Return every choice with its ground rule, its alternatives and their sentences."""
    found: dict[str, dict[str, Any]] = json.loads((_FOLDER / "choices.json").read_text("utf-8"))
    return found


def presets() -> tuple[str, ...]:
    """Return the names of the policies that come with the library.

    Examples
    --------
    >>> "default" in presets()
    True
    """
    return tuple(sorted(p.stem for p in _FOLDER.glob("*.json") if p.stem != "choices"))


@dataclass(frozen=True)
class Policy:
    """The definition choices behind every number; see `policies/choices.json` for what each value means.

    Examples
    --------
    >>> Policy(view="event").sentence("view")[:33]
    "every day's change of a customer'"
    >>> Policy().differences(Policy(gap_days=30))
    {'gap_days': (0, 30)}
    """

    name: str = "default"
    version: int = 1
    entity: str = "customer"
    view: str = "snapshot"
    gap_days: int = 0
    new_after_days: int | None = None
    churn_date: str = "ended"
    past_due: str = "counted"
    same_period: str = "counted"
    pause: str = "line"
    discount: str = "live"
    usage: str = "excluded"
    refunds: str = "ignored"
    trial: str = "excluded"
    week: str = "52/12"
    day: str = "365/12"
    overlap: str = "sum"
    end: str = "exclusive"
    service_end: str = "inclusive"
    recognition: str = "normalized"
    fx: str = "line"
    knowledge: str = "recorded"
    return_price: str = "full"
    month: str = "calendar"
    open_period: str = "marked"
    arr: str = "run_rate"
    price_volume: str = "price_first"
    churn_cause: str = "unknown"
    window: int = 12
    lag: int | None = None
    nrr: str = "cohort"
    reactivation: str = "out"
    escalators: str = "included"
    grr: str = "customer"
    gross_churn: str = "with_contraction"
    net_churn: str = "with_reactivation"
    cohort_floor: str = "path"
    logo_churn: str = "opening"
    quick_ratio: str = "with_reactivation"
    ltv: str = "survival"
    ltv_churn_months: int = 6
    cac: str = "blended"
    cac_ratio: str = "new"
    payback: str = "gross_margin"
    magic_number: str = "revenue"
    rule_of_40: str = "arr_fcf"

    def __post_init__(self) -> None:
        for choice, info in choices().items():
            check_choice(choice, info, getattr(self, choice))
        if self.name == "default" and any(
            getattr(self, f.name) != f.default for f in fields(self) if f.name in choices()
        ):
            object.__setattr__(self, "name", "custom")

    @classmethod
    def named(cls, name: str) -> Policy:
        """Return a preset by its name.

        Raises
        ------
        UnknownNameError
            If there is no such preset.
        """
        if name not in presets():
            msg = f"There is no policy called {name!r}; there are {', '.join(presets())}."
            raise UnknownNameError(msg + hint(name, presets()))
        data = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
        return cls(name=data["name"], version=data["version"], **data["choices"])

    def changed(self, **changes: Any) -> Policy:
        """Return this policy with other choices; its name says that it was changed.

        Raises
        ------
        UnknownNameError
            If a choice or its value is not known.
        """
        known = [f.name for f in fields(self)]
        for key in changes:
            if key not in known:
                msg = f"A policy has no choice called {key!r}; it has {', '.join(choices())}."
                raise UnknownNameError(msg + hint(key, known))
        new = replace(self, **changes)
        if "name" in changes or new == self:
            return new
        return replace(new, name=self.name if self.name.endswith("*") else self.name + "*")

    def sentence(self, choice: str) -> str:
        """Return in plain words what this policy says on one choice."""
        info, value = choices()[choice], getattr(self, choice)
        if "options" in info:
            return str(info["options"][value])
        return str(info["none"] if value is None else info["number"].format(value=value))

    @property
    def hash(self) -> str:
        """The hash of every choice, whatever the policy is called: 64 hexadecimal digits."""
        from hashlib import sha256

        held = {choice: getattr(self, choice) for choice in choices()}
        return sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()

    def differences(self, other: Policy) -> dict[str, tuple[Any, Any]]:
        """Return the choices in which two policies differ, with both values."""
        mine, theirs = asdict(self), asdict(other)
        return {k: (mine[k], theirs[k]) for k in choices() if mine[k] != theirs[k]}

    def __str__(self) -> str:
        changed = self.differences(Policy())
        detail = "; ".join(self.sentence(choice) for choice in changed)
        return f"policy {self.name} v{self.version}" + (f" ({detail})" if detail else "")


def check_choice(choice: str, info: dict[str, Any], value: Any) -> None:
    """Refuse a value that a choice does not have, and say which it has."""
    if "options" in info:
        if value not in info["options"]:
            allowed = ", ".join(repr(option) for option in info["options"])
            msg = f"{choice}={value!r} is not a choice of a policy; take one of {allowed}."
            raise UnknownNameError(msg + hint(str(value), list(info["options"])))
    elif not (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        if value is None and "none" in info:
            return
        msg = f"{choice}={value!r} is not a choice of a policy; it is a whole number of at least 0."
        raise UnknownNameError(msg)


def resolve(policy: str | Policy) -> Policy:
    """Return a policy given as itself or by name."""
    return policy if isinstance(policy, Policy) else Policy.named(str(policy))
