"""Random ledgers: what billing systems export, at its most awkward.

Days cluster on few dates, so that starts, ends, pauses and renewals meet on the same day; amounts are cents, so
that a sum of them has an exact integer answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from saasmetrics.engine.local import LocalEngine
from saasmetrics.policy import Policy
from saasmetrics.tables import Table

EPOCH = date(1970, 1, 1)
FIRST = (date(2023, 1, 1) - EPOCH).days
DAYS = 730
PLANS = ("basic", "pro", "scale")
SEGMENTS = ("SMB", "Enterprise", None)
CUSTOMERS = tuple("abcdefg")

SUBSCRIPTIONS = pa.schema(
    [
        ("subscription_id", pa.string()),
        ("customer_id", pa.string()),
        ("start", pa.date32()),
        ("end", pa.date32()),
        ("amount", pa.float64()),
        ("interval", pa.string()),
        ("interval_count", pa.int64()),
        ("plan", pa.string()),
        ("currency", pa.string()),
        ("list_amount", pa.float64()),
        ("discount_end", pa.date32()),
        ("trial_end", pa.date32()),
        ("pause_start", pa.date32()),
        ("pause_end", pa.date32()),
        ("cancel_requested_at", pa.timestamp("us")),
        ("past_due_since", pa.date32()),
        ("churn_cause", pa.string()),
    ]
)
CUSTOMER = pa.schema(
    [("customer_id", pa.string()), ("segment", pa.string()), ("parent_id", pa.string())]
)
FX = pa.schema([("date", pa.date32()), ("currency", pa.string()), ("rate", pa.float64())])


@dataclass(frozen=True)
class Case:
    """A company's tables, how to read them, and until when they are known."""

    lines: tuple[dict[str, Any], ...]
    customers: tuple[dict[str, Any], ...]
    policy: Policy
    as_of: int
    fiscal_start: int = 1
    since: int | None = None
    fx: tuple[dict[str, Any], ...] = field(default=())

    @property
    def tables(self) -> dict[str, Table]:
        """The tables as the library holds them."""
        out = {
            "subscriptions": Table("subscriptions", table(self.lines, SUBSCRIPTIONS)),
            "customers": Table("customers", table(self.customers, CUSTOMER)),
        }
        if self.fx:
            out["fx"] = Table("fx", table(self.fx, FX))
        return out

    def engine(self) -> LocalEngine:
        """The local engine on this case."""
        return LocalEngine(
            self.tables, self.policy, self.as_of, "USD", self.fiscal_start, self.since
        )


def table(rows: tuple[dict[str, Any], ...], schema: pa.Schema) -> pa.Table:
    """Return rows with day numbers as an Arrow table."""

    def value(row: dict[str, Any], column: pa.Field) -> Any:
        found = row.get(column.name)
        if isinstance(found, int) and pa.types.is_temporal(column.type):
            return EPOCH + timedelta(days=found)
        return found

    data = {column.name: [value(row, column) for row in rows] for column in schema}
    read = [
        pa.field(c.name, pa.date32() if pa.types.is_temporal(c.type) else c.type) for c in schema
    ]
    return pa.table(data, schema=pa.schema(read)).cast(schema)


def days() -> st.SearchStrategy[int]:
    """Days of two years, most of them on a few dates of a month."""
    month = st.integers(0, 23)
    inside = st.sampled_from((0, 0, 0, 1, 14, 27))
    return st.builds(lambda m, d: min(FIRST + m * 30 + d, FIRST + DAYS), month, inside)


def lengths() -> st.SearchStrategy[int | None]:
    """Lengths of terms in days; None runs on."""
    return st.sampled_from((None, None, 1, 7, 30, 60, 90, 180, 360))


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """One subscription."""
    start, length = draw(days()), draw(lengths())
    line: dict[str, Any] = {
        "customer_id": draw(st.sampled_from(CUSTOMERS)),
        "start": start,
        "end": None if length is None else start + length,
        "amount": draw(st.sampled_from((1000, 1000, 2500, 4999, 1, 999, 0))) / 100,
        "interval": draw(
            st.sampled_from(("month", "month", "month", "year", "quarter", "week", "day"))
        ),
        "interval_count": draw(st.sampled_from((None, 1, 1, 2))),
        "plan": draw(st.sampled_from((*PLANS, None))),
        "churn_cause": draw(st.sampled_from((None, "unknown", "voluntary", "involuntary"))),
    }
    extra = draw(
        st.sampled_from(
            ("", "", "pause", "pause", "trial", "discount", "request", "currency", "unpaid")
        )
    )
    shift = draw(st.sampled_from((0, 1, 14, 30, 45, 90)))
    if extra == "pause":
        long = draw(st.sampled_from((None, 0, 7, 30, 60)))
        line |= {
            "pause_start": start + shift,
            "pause_end": None if long is None else start + shift + long,
        }
    elif extra == "trial":
        line["trial_end"] = start + shift
    elif extra == "discount":
        ends = draw(st.sampled_from((None, start + shift)))
        line |= {"list_amount": line["amount"] * 2, "discount_end": ends}
    elif extra == "request":
        line["cancel_requested_at"] = start + shift
    elif extra == "unpaid":
        line["past_due_since"] = start + shift
    elif extra == "currency":
        line["currency"] = draw(st.sampled_from(("USD", "EUR")))
    return line


def policies() -> st.SearchStrategy[Policy]:
    """Policies that differ in every choice that changes who pays how much when."""
    return st.builds(
        Policy,
        fx=st.just("constant"),
        entity=st.sampled_from(("customer", "customer", "parent", "subscription")),
        view=st.sampled_from(("snapshot", "event")),
        gap_days=st.sampled_from((0, 0, 7, 30)),
        new_after_days=st.sampled_from((None, None, 20, 60)),
        churn_date=st.sampled_from(
            ("ended", "ended", "cancel_requested", "period_end", "dunning_end")
        ),
        past_due=st.sampled_from(("counted", "excluded")),
        pause=st.sampled_from(("line", "line", "contraction", "churn", "kept")),
        same_period=st.sampled_from(("counted", "ignored")),
        return_price=st.sampled_from(("full", "split")),
        discount=st.sampled_from(("live", "forever_only", "none", "recurring")),
        trial=st.sampled_from(("excluded", "included")),
        week=st.sampled_from(("52/12", "4.35", "365.25/84")),
        day=st.sampled_from(("365/12", "30")),
        overlap=st.sampled_from(("sum", "sum", "latest")),
        end=st.sampled_from(("exclusive", "inclusive")),
    )


def numbered(found: list[dict[str, Any]], renews: list[bool]) -> tuple[dict[str, Any], ...]:
    """Name the subscriptions; one that renews keeps the name of its customer's last one, as some billers do."""
    named: list[dict[str, Any]] = []
    last: dict[str, str] = {}
    for i, line in enumerate(found):
        keeps, name = i < len(renews) and renews[i], f"s{i:02d}"
        name = last.get(line["customer_id"], name) if keeps else name
        last[line["customer_id"]] = name
        named.append({"subscription_id": name, **line})
    return tuple(named)


@st.composite
def cases(
    draw: st.DrawFn,
    policy: st.SearchStrategy[Policy] | None = None,
    most: int = 12,
    *,
    renews: bool = False,
) -> Case:
    """A company of at most seven customers; with `renews`, some subscriptions keep their name when they renew."""
    found = draw(st.lists(lines(), min_size=1, max_size=most))
    again = draw(st.lists(st.booleans(), max_size=len(found))) if renews else []
    named = numbered(found, again)
    segments = draw(st.tuples(*(st.sampled_from(SEGMENTS) for _ in CUSTOMERS)))
    customers = tuple(
        {"customer_id": name, "segment": segment, "parent_id": "a" if name in "bc" else None}
        for name, segment in zip(CUSTOMERS, segments, strict=True)
    )
    fx = (
        {"date": FIRST, "currency": "EUR", "rate": 1.08335},
        {"date": FIRST + 90, "currency": "EUR", "rate": 1.1},
    )
    return Case(
        lines=named,
        customers=customers[: draw(st.integers(4, len(customers)))],
        policy=draw(policies() if policy is None else policy),
        as_of=FIRST + draw(st.sampled_from((364, 500, 729))),
        fiscal_start=draw(st.sampled_from((1, 2, 4, 12))),
        since=draw(st.sampled_from((None, None, FIRST + 181))),
        fx=fx,
    )


FREQS = st.sampled_from(("M", "M", "Q", "W", "Y", "D"))
BYS = st.sampled_from(((), ("segment",), ("plan",), ("segment", "plan")))
