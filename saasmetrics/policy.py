"""Policy: every definition choice in one frozen value, so that a number can say how it was computed.

The choices, their alternatives and the sentence for each are data in `policies/choices.json`; a named preset is
one more file beside it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from saasmetrics.asked import among, text, whole
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.policies import check_choice, choices, preset, presets, read, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

__all__ = ["DATA_CHOICES", "Policy", "choices", "presets", "resolve", "told_apart"]

_NO_POLICY = (
    'policy={!r} is no policy: give one as itself, by name ("stripe") or by its file ("ours.json"). '
    'Single choices go by keyword, as in book.with_policy(view="event") or sm.Policy(view="event").'
)
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


@dataclass(frozen=True, repr=False)
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

    def __new__(cls, *_: Any, **given: Any) -> Self:
        """Refuse choices that there are none of before the fields are set."""
        _check_names(given)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        text("name", self.name, "what a policy is called")
        whole("version", self.version, 1, "the version of a policy, a whole number")
        for choice, info in choices().items():
            check_choice(choice, info, getattr(self, choice))
        if self.name == "default" and any(
            getattr(self, f.name) != f.default for f in fields(self) if f.name in choices()
        ):
            object.__setattr__(self, "name", "custom")

    @staticmethod
    def presets() -> tuple[str, ...]:
        """Return the names of the policies that come with the library; see `Policy.named`.

        Examples
        --------
        >>> "stripe" in Policy.presets()
        True
        """
        return presets()

    @classmethod
    def named(cls, name: str) -> Policy:
        """Return a preset by its name.

        Raises
        ------
        UnknownNameError
            If there is no such preset.

        Examples
        --------
        >>> Policy.named("stripe").title
        'Stripe Billing analytics'
        """
        if not among(name, presets()):
            msg = f"There is no policy called {name!r}; there are {', '.join(presets())}."
            raise UnknownNameError(msg + hint(name, presets()))
        return cls._made(preset(name))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Policy:
        """Return the policy saved in a file.

        A file that names a preset and chooses otherwise is that preset changed; choices that it leaves out are those
        of the default.

        Raises
        ------
        UnknownNameError
            If the file has a choice or a value that this version does not know.
        DataError
            If there is no such file, it is not a policy, or a newer version wrote it.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "board.json"
        >>> Policy.load(Policy(name="board", view="event").save(path)).view
        'event'
        """
        data = read(path)
        try:
            found = cls._made(data)
        except DataError as error:
            raise type(error)(f"{path} cannot be read as a policy: {error}") from error
        known = found.name in presets() and found != cls.named(found.name)
        return replace(found, name=found.name + "*") if known else found

    @classmethod
    def _made(cls, data: dict[str, Any]) -> Policy:
        for choice in data["choices"]:
            if choice not in choices():
                known = hint(choice, choices())
                raise UnknownNameError(f"A policy has no choice called {choice!r}.{known}")
        return cls(name=data["name"], version=data["version"], **data["choices"])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write every choice of this policy to a JSON file, whole or not at all, and return its path.

        Raises
        ------
        DataError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> Policy.named("stripe").save(pathlib.Path(tempfile.mkdtemp()) / "ours.json").name
        'ours.json'
        """
        mine = asdict(self)
        data = {"name": self.name, "version": self.version, "title": self.title}
        data |= {"sources": self.sources, "choices": {k: mine[k] for k in choices()}}
        return write(path, {**data, "limits": self.limits})

    def changed(self, **changes: Any) -> Policy:
        """Return this policy with other choices; its name says that it was changed.

        Raises
        ------
        UnknownNameError
            If a choice or its value is not known.
        """
        _check_names(changes)
        new = replace(self, **changes)
        if "name" in changes or new == self:
            return new
        return replace(new, name=self.name if self.name.endswith("*") else self.name + "*")

    @property
    def title(self) -> str:
        """What the policy is called in full: the title of a preset, or the name."""
        return str(self._about.get("title", self.name.removesuffix("*")))

    @property
    def sources(self) -> tuple[str, ...]:
        """The pages that a preset follows."""
        return tuple(self._about.get("sources", ()))

    @property
    def limits(self) -> tuple[str, ...]:
        """What a preset does otherwise than the tool that it is named after."""
        return tuple(self._about.get("limits", ()))

    @property
    def _about(self) -> dict[str, Any]:
        name = self.name.removesuffix("*")
        return preset(name) if name in presets() else {}

    @property
    def id(self) -> str:
        """Eight letters that are the same for the same choices, whatever the policy is called.

        Examples
        --------
        >>> Policy(name="a", view="event").id == Policy(name="b", view="event").id
        True
        """
        from hashlib import sha256

        base = Policy()
        chosen = {choice: mine for choice, (_, mine) in base.differences(self).items()}
        said = json.dumps([base.version, chosen], sort_keys=True)
        return sha256(said.encode()).hexdigest()[:8]

    def sentence(self, choice: str) -> str:
        """Return in plain words what this policy says on one choice."""
        info, value = choices()[choice], getattr(self, choice)
        if "options" in info:
            return str(info["options"][value])
        if value is None:
            return str(info["none"])
        return str(info["zero"] if value == 0 and "zero" in info else info["number"]).format(
            value=value
        )

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

    def diff(self, other: str | os.PathLike[str] | Policy) -> pd.DataFrame:
        """Return the choices in which this policy and another differ: choice, rule, title, one column per policy.

        The other is a policy, the name of a preset, or the file that a policy is saved in.

        Examples
        --------
        >>> Policy().diff(Policy(name="ours", gap_days=30)).columns.tolist()
        ['choice', 'rule', 'title', 'default', 'ours']
        """
        found = resolve(other)
        named = found if found.name != self.name else replace(found, name=f"{found.name} 2")
        return told_apart((self, named))

    def table(self) -> pd.DataFrame:
        """Return every choice: choice, rule, title, value, meaning, and whether it is changed from the default.

        Examples
        --------
        >>> made = Policy(gap_days=30).table()
        >>> made.loc[made["changed"], "meaning"].tolist()
        ['a gap in paid service of up to 30 days counts as continuous']
        """
        import pandas as pd

        changed = self.differences(Policy())
        rows = [
            (name, info["rule"], info["title"], str(getattr(self, name)), self.sentence(name))
            for name, info in choices().items()
        ]
        columns = ["choice", "rule", "title", "value", "meaning"]
        return pd.DataFrame(rows, columns=columns).assign(changed=[r[0] in changed for r in rows])

    def __repr__(self) -> str:
        title = "" if self.title == self.name else f", {self.title}"
        changed = self.differences(Policy())
        lines = [f"Policy {self.name} v{self.version}{title} [{self.id}]"]
        lines += [
            f"  {choice}={getattr(self, choice)!r}: {self.sentence(choice)}" for choice in changed
        ]
        rest = len(choices()) - len(changed)
        return "\n".join([*lines, f"  the other {rest} choices as in the default"])

    def _repr_html_(self) -> str:
        from saasmetrics.printable import escape

        base, changed = Policy(), self.differences(Policy())

        def table(names: Iterable[str], *, beside: bool) -> str:
            head = ["Rule", "Choice", "Meaning", *(["The default says"] if beside else [])]
            rows = ["".join(f'<th style="text-align:left">{escape(name)}</th>' for name in head)]
            for name in names:
                info, mark = choices()[name], "<b>changed</b> " if beside else ""
                told = [info["rule"], f"{info['title']}: {name}={getattr(self, name)!r}"]
                told += [self.sentence(name), *([base.sentence(name)] if beside else [])]
                cells = [f'<td style="text-align:left">{escape(text)}' for text in told]
                cells[0] += f" {mark}".rstrip()
                rows.append("</td>".join([*cells, ""]))
            return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"

        def listed(title: str, texts: Iterable[str]) -> str:
            lines = "".join(f"<li>{escape(text)}</li>" for text in texts)
            return f"<p>{title}</p><ul>{lines}</ul>" if lines else ""

        said = f"{self.name} v{self.version}" + (f", {self.title}" * (self.title != self.name))
        rest = [name for name in choices() if name not in changed]
        return (
            f'<div class="saasmetrics-policy"><h4>Policy {escape(said)}</h4>'
            f"{table(changed, beside=True) if changed else ''}"
            f"<details><summary>{len(rest)} choices as in the default</summary>"
            f"{table(rest, beside=False)}</details>"
            f"{listed('Where it differs from what it is named after:', self.limits)}"
            f"{listed('Sources:', self.sources)}<p><small>{escape(self.id)}</small></p></div>"
        )

    def __str__(self) -> str:
        changed = self.differences(Policy())
        detail = "; ".join(self.sentence(choice) for choice in changed)
        return f"policy {self.name} v{self.version}" + (f" ({detail})" if detail else "")


def _check_names(names: Iterable[str]) -> None:
    known = [f.name for f in fields(Policy)]
    for name in names:
        if name not in known:
            msg = f"A policy has no choice called {name!r}; it has {', '.join(choices())}."
            raise UnknownNameError(msg + hint(name, known))


def resolve(policy: str | os.PathLike[str] | Policy) -> Policy:
    """Return a policy given as itself, by name, or by the file that it is saved in."""
    if isinstance(policy, Policy):
        return policy
    if not isinstance(policy, (str, os.PathLike)):
        raise DataError(_NO_POLICY.format(policy))
    is_file = isinstance(policy, os.PathLike) or policy.endswith(".json")
    return Policy.load(policy) if is_file else Policy.named(str(policy))


def told_apart(policies: Iterable[Policy]) -> pd.DataFrame:
    """Return the choices on which policies do not all agree: one row per choice, one column of words per policy."""
    import pandas as pd

    asked = tuple(policies)
    rows = []
    for choice, info in choices().items():
        if len({getattr(policy, choice) for policy in asked}) > 1:
            said = {policy.name: policy.sentence(choice) for policy in asked}
            rows.append({"choice": choice, "rule": info["rule"], "title": info["title"], **said})
    columns = ["choice", "rule", "title", *(policy.name for policy in asked)]
    return pd.DataFrame(rows, columns=columns)
