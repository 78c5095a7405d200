"""The alerts that are open on a day: who, why, since when, and how much is at stake."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.asked import one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.followed import followed
from saasmetrics.metrics.made import listed, made
from saasmetrics.money import MICRO, counted, format_money
from saasmetrics.periods import iso_day
from saasmetrics.result import Result
from saasmetrics.success.alarm.episodes import COOLDOWN, Raised, raised
from saasmetrics.success.alarm.rules import Rule, chosen
from saasmetrics.success.score.health import about
from saasmetrics.success.score.scorer import day_of, scorer

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book

_KINDS = ("churn", "expansion")


@dataclass(frozen=True, repr=False)
class Alerts(Result):
    """The alerts of a book, and what a webhook would carry of them."""

    def payload(self) -> list[dict[str, Any]]:
        """Return one message per alert as data that JSON holds; nothing is sent.

        Returns
        -------
        list of dict
            id, rule, kind, customer_id, name and csm_id where known, first_crossing, as_of, arr, arr_at_risk,
            currency, evidence. The id is the same whenever the same alert is told.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> first = sm.success.alerts(sm.demo(customers=200)).payload()[0]
        >>> sorted(first)[:3]
        ['arr', 'arr_at_risk', 'as_of']
        """
        out = []
        for row in self.df.to_dict("records"):
            message = {
                "id": row["alert_id"],
                "as_of": self.extra["as_of"],
                "currency": self.context.currency,
            }
            message |= {
                name: row[name] for name in ("rule", "kind", "customer_id", "arr", "evidence")
            }
            message["first_crossing"] = f"{row['first_crossing']:%Y-%m-%d}"
            message["arr_at_risk"] = None if row["value"] != row["value"] else row["value"]
            message |= {name: row[name] for name in ("name", "csm_id") if row.get(name) is not None}
            out.append(message)
        plain: list[dict[str, Any]] = json.loads(json.dumps(out, default=str, allow_nan=False))
        return plain


@metric(
    id="alerts",
    name="Alerts",
    unit="table",
    better="lower",
    meaning="Which customers give reason to call them today, of danger or of room to grow, and since when.",
    formula="for every rule the first day of the stretch in which its condition holds; stretches less than the "
    "cooldown apart are one alert; ARR at risk = ARR of the customer",
    missing="A rule whose table is missing raises nothing and is named in the footnote; an alert of expansion has no "
    "ARR at risk.",
    sources=("METRICS.md", "Udesk: danger points", "HubSpot: alerts of churn or upsell"),
    options={"cooldown_days": "a condition that holds again within {value} days is the same alert"},
)
def alerts(
    book: Book,
    rules: Any = None,
    as_of: Any = None,
    *,
    kind: str | None = None,
    cooldown_days: int = COOLDOWN,
) -> Alerts:
    """The alerts that are open on a day.

    Parameters
    ----------
    book
        The company's tables; each rule needs its own: usage, tickets, activities, subscriptions with past_due_since
        or quantity.
    rules
        Names of rules, or a table of rules with other numbers ({"silence": {"days": 14}}); by default all: usage_drop,
        silence, champion_change, payment_failed, ticket_burst, health_red; seat_limit, usage_growth.
    as_of
        The day, by default the last one the book knows; only what was known by then counts.
    kind
        "churn" or "expansion"; by default both.
    cooldown_days
        A condition that holds again within so many days is the same alert (30).

    Returns
    -------
    Alerts
        One row per alert, the most ARR at risk first: alert_id, customer_id, name and csm_id where known, rule, kind,
        first_crossing (the day), days_open, value (ARR at risk, currency units), arr, evidence (in words), new (raised
        on this day), reason. `.payload()` has them as messages.

    Raises
    ------
    UnknownNameError
        If there is no such rule, number or kind.

    Notes
    -----
    The id is made of rule, customer and first crossing, so that asking twice, or on the next day, tells of the same
    alert by the same id. Rows count from the day on which they were recorded where the tables say it.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=200)
    >>> one, two = sm.success.alerts(book).df, sm.success.alerts(book).df
    >>> bool((one["alert_id"] == two["alert_id"]).all())
    True
    """
    if kind is not None:
        one_of("kind of alert", kind, _KINDS)
    cooldown = whole("cooldown_days", cooldown_days, 0, "a number of days")
    wanted = [rule for rule in chosen(rules) if kind in (None, rule.kind)]
    day = day_of(book, as_of)
    found = raised(book, wanted, day, cooldown)
    df = _frame(book, wanted, found, day)
    notes = [f"{name}: {why}, so that it raises nothing" for name, why in found.absent.items()]
    if day != book.as_of_day:
        notes.append(f"As of {iso_day(day)}")
    facts = scorer(book)
    extra = {"headline": _headline(df, book.currency), "as_of": iso_day(day)}
    options = {"cooldown_days": cooldown}
    result = made(
        book,
        "alerts",
        df,
        "alerts",
        options=options,
        notes=notes,
        extra=extra,
        tables=facts.tables,
        drill=listed(df, "customer_id", "csm_id", "rule", "kind"),
    )
    return Alerts(**{each.name: getattr(result, each.name) for each in fields(Result)})


def _frame(book: Book, rules: list[Rule], found: Raised, day: int) -> pd.DataFrame:
    import pandas as pd

    mrr, _ = followed(book.engine).entities.state(day)
    here = np.flatnonzero(found.last == day)
    entity, rule = found.entity[here], found.rule[here]
    ids = followed(book.engine).spans.entity_ids.take(pa.array(entity)).to_pandas()
    names = np.array([each.name for each in rules], object)[rule]
    kinds = np.array([each.kind for each in rules], object)[rule]
    arr = 12 * mrr[entity] / MICRO
    first = found.first[here].astype("datetime64[D]").astype("datetime64[ns]")
    keys = zip(names.tolist(), ids.tolist(), found.first[here].tolist(), strict=True)
    data: dict[str, Any] = {"alert_id": [alert_id(*key) for key in keys], "customer_id": ids}
    data |= about(book, entity, ("name", "csm_id"))
    data |= {
        "rule": names,
        "kind": kinds,
        "first_crossing": first,
        "days_open": day - found.first[here],
    }
    data["value"] = np.where(kinds == "churn", arr, np.nan)
    data |= {"arr": arr, "evidence": found.evidence[here], "new": found.first[here] == day}
    data["reason"] = np.where(kinds == "churn", "", "an alert of expansion puts no ARR at risk")
    df = pd.DataFrame(data)
    df["_at_risk"] = df["value"].fillna(-1.0)
    order = ["_at_risk", "arr", "customer_id", "rule"]
    df = df.sort_values(order, ascending=[False, False, True, True], kind="stable")
    return df.drop(columns="_at_risk").reset_index(drop=True)


def alert_id(rule: str, customer: Any, first: int) -> str:
    """Return the id of an alert: the same for the same rule, customer and first crossing.

    Examples
    --------
    >>> alert_id("silence", "C1", 20000) == alert_id("silence", "C1", 20000)
    True
    """
    return sha256(f"{rule}|{customer}|{first}".encode()).hexdigest()[:16]


def _headline(df: pd.DataFrame, currency: str) -> str:
    danger = df[df["kind"] == "churn"]
    grow = df[df["kind"] == "expansion"]
    risk = danger.drop_duplicates("customer_id")["value"].sum()
    return (
        f"{counted(danger['customer_id'].nunique(), 'customer')} in danger with {format_money(float(risk), currency)} "
        f"ARR, {grow['customer_id'].nunique():,} with room to grow"
    )
