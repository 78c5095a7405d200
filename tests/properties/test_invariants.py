"""What must hold for every ledger and every policy, whoever computes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from saasmetrics.engine.cubes import Cube
from saasmetrics.engine.digest import digest
from saasmetrics.engine.local import LocalEngine
from saasmetrics.engine.movements import FLOWS
from saasmetrics.engine.pairs import MONEY
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import kaplan_meier
from tests.properties.ledgers import BYS, FREQS, Case, cases, policies
from tests.properties.profile import quick

ALL = {"freqs": ("M", "Q"), "windows": (1, 12), "bys": ((), ("segment",), ("plan",))}


@quick
@given(cases(), FREQS, BYS)
def test_every_bridge_closes_to_the_unit(case: Case, freq: str, by: tuple[str, ...]) -> None:
    cube = case.engine().movements(freq, by).measures
    assert (cube["opening"] + sum(cube[name] for name in FLOWS) == cube["closing"]).all()
    assert (cube["opening"][:, 1:] == cube["closing"][:, :-1]).all()
    assert not cube["opening"][:, 0].any()
    assert (cube["customers_opening"][:, 1:] == cube["customers_closing"][:, :-1]).all()


@quick
@given(cases(), FREQS, st.sampled_from((("segment",), ("plan",), ("segment", "plan"))))
def test_groups_add_up_to_the_company(case: Case, freq: str, by: tuple[str, ...]) -> None:
    engine = case.engine()
    for name in ("opening", *FLOWS, "closing"):
        parts = engine.movements(freq, by).measures[name].sum(axis=0)
        assert (parts == engine.movements(freq).measures[name][0]).all(), name
    for name in MONEY:
        parts = engine.pairs(3, freq, by).measures[name].sum(axis=0)
        assert (parts == engine.pairs(3, freq).measures[name][0]).all(), name
    if freq != "D":
        for name, whole in engine.triangle(freq).measures.items():
            assert (engine.triangle(freq, by).measures[name].sum(axis=0) == whole[0]).all(), name
    whole = engine.lifetimes(freq)
    assert engine.lifetimes(freq, by)["mrr_micro"].sum() == whole["mrr_micro"].sum()
    assert engine.terms(freq, by)["expiring"].sum() == engine.terms(freq)["expiring"].sum()


@quick
@given(cases(), FREQS, BYS)
def test_transfers_between_groups_cancel(case: Case, freq: str, by: tuple[str, ...]) -> None:
    assert not case.engine().movements(freq, by).measures["transfer"].sum(axis=0).any()


@quick
@given(cases(), FREQS, BYS, st.sampled_from((1, 3, 12)))
def test_gross_retention_is_within_0_and_1_and_net(
    case: Case, freq: str, by: tuple[str, ...], window: int
) -> None:
    pairs = case.engine().pairs(window, freq, by).measures
    assert (pairs["kept"] >= 0).all()
    assert (pairs["kept"] <= pairs["opening"]).all()
    assert (pairs["kept"].sum(axis=0) <= pairs["closing"].sum(axis=0)).all()
    if not by:
        assert (pairs["kept"] <= pairs["closing"]).all()


@quick
@given(cases(), FREQS, BYS, st.sampled_from((1, 3, 12)))
def test_net_retention_is_1_plus_its_parts(
    case: Case, freq: str, by: tuple[str, ...], window: int
) -> None:
    pairs = case.engine().pairs(window, freq, by).measures
    parts = sum(pairs[name] for name in ("expansion", "contraction", "churn", "paused"))
    assert (pairs["closing"] - pairs["opening"] == parts).all()


@quick
@given(cases(), FREQS, BYS)
def test_both_views_agree_on_opening_and_closing(
    case: Case, freq: str, by: tuple[str, ...]
) -> None:
    views = [
        replace(case, policy=case.policy.changed(view=view)).engine().movements(freq, by).measures
        for view in ("snapshot", "event")
    ]
    for name in ("opening", "closing", "customers_opening", "customers_closing", "pause"):
        assert (views[0][name] == views[1][name]).all(), name
    net = [sum(view[name] for name in FLOWS) for view in views]
    assert (net[0] == net[1]).all()


@quick
@given(cases(), st.sampled_from(("M", "Q", "W", "Y")), BYS)
def test_cohorts_add_up_to_mrr_of_every_period(case: Case, freq: str, by: tuple[str, ...]) -> None:
    engine = case.engine()
    triangle = engine.triangle(freq, by).measures["mrr"].sum(axis=0)
    closing = engine.movements(freq).measures["closing"][0]
    for period in range(len(triangle)):
        assert (
            sum(triangle[cohort, period - cohort] for cohort in range(period + 1))
            == closing[period]
        )


@quick
@given(cases(), st.sampled_from(("M", "Q", "W", "Y")))
def test_the_lowest_mrr_so_far_never_rises(case: Case, freq: str) -> None:
    cube = case.engine().triangle(freq).measures
    assert (np.diff(cube["floor"], axis=2) <= 0).all()
    assert (cube["floor"] <= cube["mrr"]).all()


@quick
@given(cases(), st.sampled_from(("M", "Q", "W", "Y")))
def test_lifetimes_start_where_cohorts_do(case: Case, freq: str) -> None:
    engine = replace(case, since=None).engine()
    lives, cube = engine.lifetimes(freq), engine.triangle(freq).measures
    assert lives["customers"].sum() == cube["customers"][0, :, :1].sum()
    assert lives["mrr_micro"].sum() == cube["mrr"][0, :, :1].sum()


@quick
@given(cases(), st.sampled_from(("M", "Q", "W")))
def test_kaplan_meier_is_the_product_over_ages_of_those_who_stay(case: Case, freq: str) -> None:
    lives = case.engine().lifetimes(freq)
    columns = (lives[name].to_numpy() for name in ("duration", "entry", "event", "customers"))
    found, share = kaplan_meier(exposure(*columns)).share.reshape(-1), 1.0
    for age in range(len(found)):
        entered = (lives["entry"] < age) | ((lives["entry"] == 0) & (age == 0))
        at_risk = lives["customers"][entered & (lives["duration"] >= age)].sum()
        ended = (lives["duration"] == age) & (lives["event"] == 1)
        share *= 1 - lives["customers"][ended].sum() / at_risk if at_risk else 1
        assert np.isclose(found[age], share) or np.isnan(found[age])


@quick
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(case: Case, random: Any) -> None:
    shuffled = list(case.lines)
    random.shuffle(shuffled)
    turned = replace(case, lines=tuple(shuffled), customers=case.customers[::-1])
    assert digest(turned.engine(), **ALL) == digest(case.engine(), **ALL)


@quick
@given(cases(), st.integers(1, 4))
def test_chunks_of_rows_change_nothing(case: Case, size: int) -> None:
    tables = {
        name: replace(
            table,
            data=pa.Table.from_batches(
                table.data.to_batches(max_chunksize=size), table.data.schema
            ),
        )
        for name, table in case.tables.items()
    }
    chunked = LocalEngine(tables, case.policy, case.as_of, "USD", case.fiscal_start, case.since)
    assert digest(chunked, **ALL) == digest(case.engine(), **ALL)


def cells(cube: Cube) -> dict[Any, int]:
    """The cells of a cube by group, first axis as a period, and age."""
    out = {}
    for name, values in cube.measures.items():
        for place in zip(*(axis.tolist() for axis in np.nonzero(values)), strict=True):
            group, time, *age = place
            out[cube.groups.labels[group], cube.first + time, *age, name] = int(values[place])
    return out


@quick
@given(cases(policies().filter(lambda policy: policy.entity == "customer")), FREQS, BYS)
def test_cubes_of_a_partition_of_customers_add_up(
    case: Case, freq: str, by: tuple[str, ...]
) -> None:
    parts = [
        tuple(x for x in case.lines if (x["customer_id"] in "abc") == side)
        for side in (True, False)
    ]
    engines = [replace(case, lines=lines).engine() for lines in parts if lines]
    for made in (lambda e: e.movements(freq, by), lambda e: e.pairs(3, freq, by)):
        total: dict[Any, int] = {}
        for engine in engines:
            for key, value in cells(made(engine)).items():
                total[key] = total.get(key, 0) + value
        assert {k: v for k, v in total.items() if v} == cells(made(case.engine()))


@quick
@given(cases(), st.sampled_from(("M", "Q")), BYS, st.integers(0, 23))
def test_rows_add_up_to_their_cell(case: Case, freq: str, by: tuple[str, ...], place: int) -> None:
    engine = case.engine()
    cube = engine.movements(freq, by)
    period = place % cube.measures["closing"].shape[1]
    group = place % len(cube.groups)
    cell: dict[str, Any] = {"period": cube.first + period, "freq": freq, "by": by, "group": group}
    rows = engine.rows("movements", **cell)
    for name in ("opening", *FLOWS, "closing"):
        assert rows[name].sum() == cube.measures[name][group, period], name
    pairs = engine.pairs(3, freq, by)
    rows = engine.rows("pairs", window=3, **cell)
    for name in MONEY:
        assert rows[name].sum() == pairs.measures[name][group, period], name
