"""The terms that contracts say: who has signed for how much a year, from when until when, where the table is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.contracts import CATEGORIES, UNKNOWN, notes_of
from saasmetrics.engine.portable.amounts import currency_rate, names, with_micro
from saasmetrics.engine.portable.entities import with_entity
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.whole import day_number, flag
from saasmetrics.errors import NotPortableError
from saasmetrics.money import LIMIT

if TYPE_CHECKING:
    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.whole import Frame

TERM = (
    *("term", "row", "who", "entity", "start", "end", "signed", "arr", "due", "previous"),
    *("auto", "forecast", "category", "lift"),
)


@dataclass(frozen=True, eq=False)
class Signed:
    """The contracts as they are, numbered as `term`; their terms with the columns `TERM`; what is known of them.

    `term` numbers the terms, `row` the contract that each comes from, `who` the customers in the order of their ids.
    Where there are no contracts, subscriptions take their place, and `source` says so.
    """

    contracts: Frame
    terms: Frame
    rows: int
    customers: int
    renewing: bool
    uplifts: bool
    notes: tuple[str, ...]
    source: str = "contracts"


def signed(basis: Basis, contracts: Frame, as_of: int, currency: str) -> Signed:
    """Return the terms of all contracts that end after they start.

    Parameters
    ----------
    basis
        The tables of the book, and its policy.
    contracts
        The table of contracts.
    as_of, currency
        The last day known, for exchange rates; the reporting currency.

    Raises
    ------
    NotPortableError
        If ids of customers are of another type than in the source of MRR, or numbers are refused.
    """
    tables = {**basis.tables, "contracts": contracts}
    found = with_entity(tables, "contracts", "contracts", basis.policy.entity)
    kinds = (found, basis.tables[basis.source])
    if len({frame.collect_schema()["entity"] for frame in kinds}) > 1:
        raise NotPortableError("Ids of customers are of two types.")
    found = found.with_row_index("term", order_by=["contract_id", "start", "end"])
    who = nw.col("entity").rank("dense").cast(nw.Int64) - 1
    found = found.with_columns(nw.col("term").cast(nw.Int64), who=who)
    found = held(found, "numbered", "contracts in order, with a number, and that of their customer")
    rate = currency_rate(tables, "contracts", as_of, currency)
    terms = _with_previous(_numbers(found, rate), found)
    terms = held(terms, "terms", "what each contract says, and which one it names as renewed")
    facts = _facts(terms)
    if facts["odd"]:
        raise NotPortableError("Contracts have uplifts or amounts that are refused.")
    kept = terms.filter(nw.col("end") > nw.col("start")).select(*TERM)
    gone, rows, many = facts["named"] - facts["found"], facts["rows"], facts["customers"]
    notes = notes_of(facts["unsigned"], gone, facts["shorter"])
    known = (facts["renewing"] > 0, facts["uplifts"] > 0)
    return Signed(found, kept, rows, many, *known, notes)


def _numbers(found: Frame, rate: nw.Expr) -> Frame:
    """Return the contracts as whole numbers."""
    there = names(found)

    def told(column: str, value: nw.Expr) -> nw.Expr:
        """Return a value where a column says something, else that nothing is known."""
        if column not in there:
            return nw.lit(UNKNOWN).cast(nw.Int64)
        return nw.when(nw.col(column).is_null()).then(UNKNOWN).otherwise(value).cast(nw.Int64)

    lifts = "escalator" in there
    # a fraction that is written is a decimal in PostgreSQL
    none = nw.col("arr").fill_null(0.0).cast(nw.Float64) * 0
    lift = nw.col("escalator").fill_null(0.0) if lifts else none
    found = found.with_columns(
        _arr=nw.col("arr").fill_null(0.0),
        _hoped=nw.col("forecast_arr").fill_null(0.0) if "forecast_arr" in there else nw.lit(0.0),
        _signed=day_number("signed_at", UNKNOWN) if "signed_at" in there else nw.lit(UNKNOWN),
        _unsigned=flag(nw.col("signed_at").is_null()) if "signed_at" in there else nw.lit(1),
        _lifted=flag(~nw.col("escalator").is_null()) if lifts else nw.lit(0),
        _rate=rate,
    )
    amounts = {"arr": nw.col("_arr"), "_forecast": nw.col("_hoped")}
    found = with_micro(found, nw.col("_rate"), **amounts).with_columns(
        start=day_number("start", 0),
        end=day_number("end", 0),
        row=nw.col("term"),
        auto=told("auto_renew", flag(nw.col("auto_renew").fill_null(False))),
        forecast=told("forecast_arr", nw.col("_forecast")),
        category=_category(there),
        lift=lift.cast(nw.Float64),
    )
    signed = nw.when(nw.col("_unsigned") == 1).then(nw.col("start")).otherwise(nw.col("_signed"))
    return found.with_columns(signed=signed.cast(nw.Int64), due=nw.col("arr"))


def _category(there: list[str]) -> nw.Expr:
    last = nw.lit(len(CATEGORIES) - 1)
    if "category" in there:
        for number, name in enumerate(CATEGORIES):
            last = nw.when(nw.col("category") == name).then(number).otherwise(last)
    return last.cast(nw.Int64)


def _with_previous(terms: Frame, found: Frame) -> Frame:
    """Add the term that each says it renews, as `previous`; itself, or one that is not there, is none."""
    if "previous_contract_id" not in names(found):
        nothing = nw.lit(None, dtype=nw.Int64)
        return terms.with_columns(previous=nothing, _named=nw.lit(0), _old_end=nothing)
    first = found.group_by("contract_id").agg(previous=nw.col("term").min())
    ends = terms.select(nw.col("term").alias("previous"), nw.col("end").alias("_old_end"))
    before = first.join(ends, on="previous")
    kinds = found.collect_schema()
    named = nw.col("previous_contract_id").cast(kinds["contract_id"])
    terms = terms.with_columns(
        _before=named, _named=flag(~nw.col("previous_contract_id").is_null())
    )
    terms = terms.join(before, left_on="_before", right_on="contract_id", how="left")
    itself = nw.col("previous") == nw.col("term")
    return terms.with_columns(
        previous=nw.when(~itself).then(nw.col("previous")),
        _old_end=nw.when(~itself).then(nw.col("_old_end")),
    )


def _facts(terms: Frame) -> dict[str, int]:
    """Return how many contracts are what."""
    limit = nw.col("_rate").abs() * nw.max_horizontal(nw.col("_arr").abs(), nw.col("_hoped").abs())
    known = ~nw.col("previous").is_null()
    sized = terms.with_columns(
        rows=nw.lit(1),
        unsigned=nw.col("_unsigned"),
        named=nw.col("_named"),
        found=flag(known),
        shorter=flag(known & (nw.col("end") <= nw.col("_old_end"))),
        renewing=flag(nw.col("auto") == 1),
        uplifts=nw.col("_lifted"),
        odd=flag(~(nw.col("lift").abs() <= 1) | ~(limit < LIMIT)),
    )
    asked = ("rows", "unsigned", "named", "found", "shorter", "renewing", "uplifts", "odd")
    sums = [nw.col(name).sum() for name in asked]
    row = fetched(sized.select(*sums, customers=nw.col("who").max() + 1)).to_pylist()[0]
    return {name: int(value or 0) for name, value in row.items()}
