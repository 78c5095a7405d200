"""Committed MRR and the balances under MRR are the same where the tables are, by group and by customer."""

from __future__ import annotations

from datetime import timedelta

import narwhals as nw
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.portable import PortableEngine
from saasmetrics.tables import Table
from tests.engine.natives import native, portable
from tests.engine.test_exchange_rates import moving
from tests.properties.contracts import signed_cases
from tests.properties.ledgers import EPOCH, FIRST, Case
from tests.properties.profile import quick

EXAMPLES = 5  # DuckDB and PostgreSQL are asked of a whole company elsewhere
FX = st.sampled_from(("constant", "line", "spot"))
FREQS = st.sampled_from(("M", "M", "Q", "W"))
BYS = st.sampled_from(((), (), ("segment",), ("plan",), ("segment", "plan"), ("arr_band",)))


@st.composite
def dated_cases(draw: st.DrawFn) -> tuple[Case, dict[str, Table]]:
    """A company whose lines say when they were signed and recorded, beside contracts or not."""
    case, tables = draw(signed_cases())
    case = moving(case, draw(FX))
    lines = tables["subscriptions"].data
    many = lines.num_rows
    ahead = st.integers(FIRST - 40, FIRST + 600).map(lambda day: EPOCH + timedelta(days=day))

    for name, kind in (("signed_at", pa.date32()), ("recorded_at", pa.timestamp("us"))):
        values = draw(st.lists(st.none() | ahead, min_size=many, max_size=many))
        column = pa.array(values, pa.date32()).cast(kind)
        lines = lines.append_column(name, column)
    out = {**tables, "subscriptions": Table("subscriptions", lines)}
    if "fx" in case.tables:
        out["fx"] = case.tables["fx"]
    if draw(st.booleans()):
        del out["contracts"]
    return case, out


def engines(case: Case, tables: dict[str, Table]) -> tuple[LocalEngine, PortableEngine]:
    rest = (case.policy, case.as_of, "USD", case.fiscal_start, case.since)
    local = LocalEngine(tables, *rest)
    other = portable(tables, "polars", local)
    if "contracts" in tables:
        other.contracts = nw.from_native(native(tables["contracts"].data, "polars")).lazy()
    return local, other


def test_what_lies_ahead_is_the_same_there_by_group_and_by_customer() -> None:
    @settings(quick, max_examples=EXAMPLES)
    @given(dated_cases(), FREQS, BYS, st.integers(0, 23), st.sampled_from((0, -60)))
    def compare(
        told: tuple[Case, dict[str, Table]], freq: str, by: tuple[str, ...], place: int, back: int
    ) -> None:
        local, other = engines(*told)
        day = told[0].as_of + back
        wanted, found = (each.commitments(freq, by, day) for each in (local, other))
        assert found.groups.labels == wanted.groups.labels
        for name, value in wanted.measures.items():
            assert found.measures[name].tolist() == value.tolist(), name
        assert (found.first, found.notes) == (wanted.first, wanted.notes)
        first, periods, _ = local.extent(freq)
        label = wanted.groups.labels[0] if by and wanted.groups.labels else None
        asked = (first + place % periods, freq, by, label, day)
        rows = [each.commitment_rows(*asked) for each in (local, other)]
        mine, theirs = (
            sorted(r[(r.iloc[:, 1:] != 0).any(axis=1)].to_numpy().tolist()) for r in rows
        )
        assert theirs == mine

    compare()
