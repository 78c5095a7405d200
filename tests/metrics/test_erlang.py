"""Queues against a birth-death chain solved by brute force, and what must hold of every queue."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

import saasmetrics as sm

F = sm.formulas
rates = st.floats(0.05, 40)
patiences = st.floats(0.05, 60)
heads = st.integers(1, 60)


def chain(rate, agents, patience, target, states=4000):
    """Steady state of arrivals, service at rate 1 and leaving, number by number; the wait by stages."""
    busy = np.minimum(np.arange(1, states), agents)
    waiting = np.maximum(np.arange(1, states) - agents, 0)
    leaving = 0.0 if np.isinf(patience) else 1 / patience
    logs = np.concatenate([[0.0], np.cumsum(np.log(rate / (busy + waiting * leaving)))])
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    queue = (chance[agents + 1 :] * np.arange(1, states - agents)).sum()
    return {
        "p_wait": chance[agents:].sum(),
        "queue": queue,
        "p_abandon": leaving * queue / rate,
        "occupancy": (chance * np.minimum(np.arange(states), agents)).sum() / agents,
        "service_level": chance[:agents].sum() + _in_time(chance[agents:], agents, leaving, target),
    }


def _in_time(chance, agents, leaving, target, steps=20_000):
    """Share answered in time of those who wait: a caller with j ahead moves up a place, or leaves, by small steps."""
    most = int(np.flatnonzero(chance > 1e-14).max()) + 1
    width = target / steps
    places = np.arange(most)
    up, out = agents + places * leaving, leaving
    alive, done = chance[:most].copy(), 0.0
    for _ in range(steps):
        # second order in the width: the exact share that moves or leaves within a step
        gone = -np.expm1(-(up + out) * width)
        moving = alive * gone * up / (up + out)
        alive = alive * (1 - gone)
        done += moving[0]
        alive[:-1] += moving[1:]
    return done


@pytest.mark.parametrize(
    ("rate", "agents", "patience"),
    [(10, 14, 5 / 3), (10, 9, 1), (3, 2, 0.4), (30, 26, 4), (8, 12, np.inf), (0.3, 1, 2)],
)
def test_a_queue_is_the_steady_state_of_its_chain(rate, agents, patience):
    wanted = chain(rate, agents, patience, 0.1)
    found = F.erlang_a(rate, 1, agents, patience, 0.1)
    for name, value in wanted.items():
        tolerance = 1e-4 if name == "service_level" else 1e-9
        assert getattr(found, name) == pytest.approx(value, abs=tolerance), name


@given(rates, heads)
def test_fewer_are_lost_than_wait(rate, agents):
    waits = F.erlang_c(rate, 1, agents).p_wait
    assert F.erlang_b(rate, agents) <= waits + 1e-12
    assert 0 <= waits <= 1


@given(rates, heads)
def test_with_patience_as_long_as_handling_the_number_there_is_poisson(rate, agents):
    assert F.erlang_a(rate, 1, agents, 1).p_wait == pytest.approx(
        poisson.sf(agents - 1, rate), abs=1e-9
    )


@given(rates, heads, patiences, st.floats(0, 3))
def test_what_must_hold_of_callers_who_hang_up(rate, agents, patience, target):
    found = F.erlang_a(rate, 1, agents, patience, target)
    assert found.p_abandon <= F.erlang_b(rate, agents) + 1e-9  # Garnett, Mandelbaum and Reiman 2002
    assert found.mean_wait == pytest.approx(found.queue / rate)  # Little
    assert found.p_abandon == pytest.approx(found.mean_wait / patience, abs=1e-12)
    assert found.occupancy == pytest.approx(rate * (1 - found.p_abandon) / agents)
    assert found.service_level <= 1 - found.p_abandon + 1e-9  # who left was not answered
    assert found.service_level >= 1 - found.p_wait - 1e-9


@given(rates, heads, patiences, st.floats(0, 3))
def test_one_more_agent_never_makes_it_worse(rate, agents, patience, target):
    now = F.erlang_a(rate, 1, agents, patience, target)
    more = F.erlang_a(rate, 1, agents + 1, patience, target)
    assert more.service_level >= now.service_level - 1e-9
    assert more.p_wait <= now.p_wait + 1e-9
    assert more.p_abandon <= now.p_abandon + 1e-9


@given(st.integers(1, 50), st.floats(0.05, 0.97), st.floats(0, 2))
def test_without_end_to_patience_it_is_erlang_c(agents, load, target):
    rate = load * agents
    patient, limit = F.erlang_c(rate, 1, agents, target), F.erlang_a(rate, 1, agents, 1e9, target)
    assert limit.p_wait == pytest.approx(patient.p_wait, rel=1e-5)
    assert limit.service_level == pytest.approx(patient.service_level, abs=1e-5)
    assert F.erlang_a(rate, 1, agents, np.inf, target) == patient


@given(rates, st.floats(0.05, 0.99), st.floats(0, 1))
def test_the_agents_required_are_the_fewest_that_suffice(rate, level, target):
    agents = F.agents_required(rate, 1, service_level=level, target=target)
    assert F.erlang_c(rate, 1, agents, target).service_level >= level - 1e-9
    if agents > 0:
        assert F.erlang_c(rate, 1, agents - 1, target).service_level < level


def test_arrays_give_what_numbers_give():
    agents = np.array([[9, 12], [15, 200]])
    table = F.erlang_a(10, 1, agents, 2, 0.2)
    assert table.service_level.shape == (2, 2)
    for place, n in np.ndenumerate(agents):
        assert table.service_level[place] == F.erlang_a(10, 1, int(n), 2, 0.2).service_level


def test_thousands_of_agents_are_as_exact_as_ten():
    # with patience = handling time, P(wait) is a Poisson tail at any size
    found = F.erlang_a(9_000, 1, 9_100, 1).p_wait
    assert found == pytest.approx(poisson.sf(9_099, 9_000), rel=1e-9)
    assert F.erlang_b(9_000, 9_100) == pytest.approx(
        poisson.pmf(9_100, 9_000) / poisson.cdf(9_100, 9_000), rel=1e-9
    )


def test_a_queue_that_grows_without_end_has_no_mean_wait():
    found = F.erlang_c(10, 1, 10, 0.3)
    assert (found.p_wait, found.service_level) == (1, 0)
    assert np.isnan(found.mean_wait)


def test_goals_of_wait_occupancy_and_hanging_up_are_met_by_the_fewest():
    for goal, name, limit in (
        ("max_wait", "mean_wait", 0.05),
        ("max_occupancy", "occupancy", 0.85),
        ("max_abandon", "p_abandon", 0.02),
    ):
        agents = F.agents_required(10, 1, service_level=None, patience=2, **{goal: limit})
        assert getattr(F.erlang_a(10, 1, agents, 2), name) <= limit
        assert getattr(F.erlang_a(10, 1, agents - 1, 2), name) > limit


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: F.erlang_b(-1, 3), "erlangs=-1"),
        (lambda: F.erlang_b(3, 2.5), "agents=2.5"),
        (lambda: F.erlang_c(float("nan"), 1, 3), "arrivals=nan"),
        (lambda: F.erlang_a(1, 1, 3, 0), "patience"),
        (lambda: F.erlang_a(1, "x", 3, 1), "handle_time='x'"),
        (lambda: F.agents_required(1, 1, service_level=None), "at least one goal"),
        (lambda: F.agents_required(1, 1, max_abandon=0.1), "patience"),
    ],
)
def test_what_is_no_queue_is_refused_in_words(call, words):
    with pytest.raises(sm.DataError, match=words):
        call()
