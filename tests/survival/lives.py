"""Random lives with late entries, ties and causes, for tests that compute the same by another way."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

rows = st.lists(
    st.tuples(
        st.integers(0, 6),  # entry
        st.integers(1, 8),  # periods observed after entry
        st.integers(0, 3),  # 0: still there, else the cause
        st.integers(1, 4),  # how many alike
        st.integers(0, 2),  # group
    ),
    min_size=4,
    max_size=40,
)


def columns(lives):
    """Arrays entry, duration, cause, weight, group."""
    entry, observed, cause, weight, group = (
        np.array(column) for column in zip(*lives, strict=True)
    )
    return entry, entry + observed, cause, weight, group


def at_risk_of(entry, duration, age):
    """Whether each life is at risk at an age, by the definition."""
    return [
        (e < age or (e == 0 and age == 0)) and age <= d
        for e, d in zip(entry, duration, strict=True)
    ]
