"""Renewals are matched where the tables are as they are matched here: term by term, to the micro-unit."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable.fetched import fetched
from saasmetrics.engine.portable.renewals import RenewalsThere
from saasmetrics.engine.renewals import Renewals, Window
from saasmetrics.tables import Table
from tests.engine.natives import WAYS, native, portable
from tests.properties.contracts import signed_cases
from tests.properties.ledgers import Case
from tests.properties.profile import quick

EXAMPLES = {"pandas": 2, "polars": 15, "duckdb": 2}
FEWER = {"pandas": 1, "polars": 8, "duckdb": 1}
WINDOWS = st.sampled_from((Window(), Window(30, 60), Window(0, 0)))
SAME = ("start", "end", "signed", "arr", "due", "auto", "forecast", "category")
BECAME = ("outcome", "timing", "closed", "final", "escalator", "mid_term", "returned", "long")


def engines(case: Case, tables: dict[str, Table], way: str) -> tuple[LocalEngine, RenewalsThere]:
    rest = (case.policy, case.as_of, "USD", case.fiscal_start, case.since)
    local = LocalEngine(tables, *rest)
    frame = None
    if "contracts" in tables:
        frame = nw.from_native(native(tables["contracts"].data, way)).lazy()
    return local, RenewalsThere(portable(tables, way, local), frame)


def here(found: Renewals) -> list[dict[str, Any]]:
    """The terms as rows: the same names as there, the contract that renewed each by its id."""
    terms = found.terms
    columns = {name: getattr(terms, name) for name in SAME}
    columns |= {name: getattr(found, name) for name in BECAME if name != "closed"}
    columns |= {"closed": found.signed, "number": np.minimum(found.number, 3)}
    ids = np.append(terms.ids.to_numpy(zero_copy_only=False), "")
    columns |= {"id": ids[:-1], "next": ids[found.next]}
    whole = {name: value.tolist() for name, value in columns.items()}
    return [dict(zip(whole, row, strict=True)) for row in zip(*whole.values(), strict=True)]


def there(found: RenewalsThere, window: Window, as_of: int | None) -> list[dict[str, Any]]:
    ids = found.signed.contracts.select(row="term", id=nw.col("contract_id").cast(nw.String))
    rows = fetched(found.known(window, as_of).join(ids, on="row").sort("term")).to_pylist()
    named = {row["term"]: row["id"] for row in rows}
    flags = ("returned", "long")
    names = (*SAME, *BECAME, "number", "id")
    return [
        {name: bool(row[name]) if name in flags else row[name] for name in names}
        | {"next": named.get(row["next"], "")}
        for row in rows
    ]


@pytest.mark.parametrize("way", WAYS)
def test_every_term_is_matched_there_as_here(way: str) -> None:
    @settings(quick, max_examples=EXAMPLES[way])
    @given(signed_cases(), WINDOWS, st.sampled_from((None, -200)))
    def compare(case: tuple[Case, dict[str, Table]], window: Window, back: int | None) -> None:
        as_of = None if back is None else case[0].as_of + back
        local, other = engines(*case, way)
        wanted = here(local.renewals(window, as_of))
        assert there(other, window, as_of) == wanted
        assert other.notes == local.contract_terms.notes

    compare()


@pytest.mark.parametrize("way", WAYS)
def test_every_term_of_subscriptions_is_found_there_as_here(way: str) -> None:
    @settings(quick, max_examples=FEWER[way])
    @given(signed_cases(), WINDOWS, st.sampled_from((None, -200)))
    def compare(case: tuple[Case, dict[str, Table]], window: Window, back: int | None) -> None:
        as_of = None if back is None else case[0].as_of + back
        tables = {name: table for name, table in case[1].items() if name != "contracts"}
        local, other = engines(case[0], tables, way)
        assert there(other, window, as_of) == here(local.renewals(window, as_of))
        assert other.notes == local.contract_terms.notes

    compare()
