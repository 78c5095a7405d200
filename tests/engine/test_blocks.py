"""The sweeps work through blocks of whole accounts; how large the blocks are must not show in any sum."""

from __future__ import annotations

import numpy as np
import pytest

import saasmetrics as sm
from saasmetrics.engine import by_period, ledger
from saasmetrics.engine.tally import distinct
from saasmetrics.tables.order import in_order

ROWS = 600  # of 300 customers, so that a block of 16 changes holds a few of them


def _book(*, pauses: bool, ordered: bool = False) -> sm.Book:
    rng = np.random.default_rng(11)
    start = np.datetime64("2022-01-01") + rng.integers(0, 1000, ROWS)
    table = {
        "subscription_id": np.arange(ROWS),
        "customer_id": rng.integers(0, ROWS // 2, ROWS),
        "start": start,
        "end": start + rng.integers(20, 500, ROWS),
        "amount": np.round(rng.lognormal(4, 1, ROWS), 2),
        "interval": np.array(["month", "quarter", "year"])[rng.integers(0, 3, ROWS)],
    }
    table["region"] = np.array(["east", "west"])[table["customer_id"] % 2]
    if pauses:
        table["pause_start"] = start + 15
        table["pause_end"] = start + rng.integers(16, 90, ROWS)
    rows = np.argsort(table["customer_id"], kind="stable") if ordered else np.arange(ROWS)
    ready = {name: column[rows] for name, column in table.items()}
    return sm.Book(subscriptions=ready, as_of="2025-06-30")


def _cubes(book: sm.Book) -> list[dict[str, np.ndarray]]:
    frames = (
        book.movements(),
        book.movements(by="region"),
        book.with_policy(view="event").movements(by="region"),
        book.pairs(12, by="region"),
        book.triangle(by="region"),
        book.lifetimes(by="region"),
    )
    return [{name: frame[name].to_numpy() for name in frame.columns} for frame in frames]


@pytest.mark.parametrize("pauses", [False, True])
def test_small_blocks_give_the_cubes_of_one_large_block(
    monkeypatch: pytest.MonkeyPatch, pauses: bool
) -> None:
    whole = _cubes(_book(pauses=pauses))
    monkeypatch.setattr(ledger, "BLOCK", 16)
    for cube, same in zip(whole, _cubes(_book(pauses=pauses)), strict=True):
        for name, values in cube.items():
            np.testing.assert_array_equal(same[name], values, err_msg=name)


@pytest.mark.parametrize("policy", ["default", "stripe", "chartmogul_b2b"])
@pytest.mark.parametrize("pauses", [False, True])
def test_a_long_ledger_of_customers_in_their_order_gives_the_same_cubes(
    monkeypatch: pytest.MonkeyPatch, pauses: bool, policy: str
) -> None:
    whole = _cubes(_book(pauses=pauses).with_policy(policy))
    monkeypatch.setattr(ledger, "BLOCK", 16)
    monkeypatch.setattr(by_period, "LONG", 0)
    parts = _cubes(_book(pauses=pauses, ordered=True).with_policy(policy))
    for cube, same in zip(whole, parts, strict=True):
        for name, values in cube.items():
            np.testing.assert_array_equal(same[name], values, err_msg=name)


def test_no_account_straddles_two_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "BLOCK", 2)
    account = np.array([0, 0, 0, 1, 3, 3], np.int32)
    assert [(cut.start, cut.stop) for cut in ledger.cuts(account)] == [(0, 3), (3, 6)]


def test_keys_too_wide_to_carry_their_place_are_sorted_all_the_same() -> None:
    key = np.array([2**62, 5, 2**61], np.int64)
    ordered, place = in_order(key.copy())
    np.testing.assert_array_equal(ordered, [5, 2**61, 2**62])
    np.testing.assert_array_equal(key[place], ordered)


@pytest.mark.parametrize("size", [10, 10**9])  # counted, and sorted
def test_codes_that_occur_are_found_in_order_whether_counted_or_sorted(size: int) -> None:
    used, at = distinct(np.array([7, 2, 7]), size)
    assert (used.tolist(), at.tolist()) == ([2, 7], [1, 0, 1])


@pytest.mark.parametrize("size", [10**9, 10**17])  # lowered by their owner, and in passes
def test_the_minimum_so_far_is_that_of_each_owner_however_large_the_values(size: int) -> None:
    rng = np.random.default_rng(3)
    owner = np.sort(rng.integers(0, 200, 1000)).astype(np.int32)
    values = rng.integers(-size, size, 1000)
    apart = [np.minimum.accumulate(values[owner == one]) for one in range(200)]
    np.testing.assert_array_equal(ledger.running_minimum(values, owner), np.concatenate(apart))
