"""The table of what was planned: targets by quarter for company, segments, pods and CSMs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from saasmetrics.sample.company import CSMS_PER_POD, MONTHS, Company, Floats, Ints, generator
from saasmetrics.sample.money_flows import mrr_by_month
from saasmetrics.sample.truths import SEGMENTS

if TYPE_CHECKING:
    from saasmetrics.sample.lifecycle import History

_NRR_PLAN = np.array([0.87, 1.04, 1.15])
_GRR_PLAN = np.array([0.77, 0.88, 0.95])
_AHEAD = 2
"""Quarters beyond the data that have targets."""
_METRICS = ("arr", "nrr", "grr")


def _quarters(company: Company) -> tuple[Ints, list[str]]:
    """Give the last month of each quarter from the second full one on, and the names."""
    first = int(company.calendar.first.astype(int))
    months = np.arange(3, MONTHS + 3 * _AHEAD)
    ends = months[(first + months) % 3 == 2]
    years, quarter = np.divmod(first + ends, 12)
    return ends, [f"{1970 + y}-Q{q // 3 + 1}" for y, q in zip(years, quarter, strict=True)]


def _plan(mrr: Floats, ends: Ints, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Give ARR, NRR and GRR planned per quarter and group from MRR by month, group and segment."""
    total = mrr.sum(axis=2)
    known = total[np.minimum(ends, MONTHS - 1)]
    ahead = np.maximum(ends - (MONTHS - 1), 0)[:, None]
    bias = rng.normal(0.03, 0.05, known.shape)
    arr = np.round(12 * known * 1.03**ahead * (1 + bias), -3)
    before = mrr[np.clip(ends - 12, 0, MONTHS - 1)]
    weight = before / np.maximum(before.sum(axis=2, keepdims=True), 1e-9)
    return arr, np.round(weight @ _NRR_PLAN, 3), np.round(weight @ _GRR_PLAN, 3)


def targets(history: History) -> pa.Table:
    """Give planned ARR, trailing 12-month NRR and GRR; a forecast of the company for the end.

    The rates of a pod or a CSM are those of its segments, weighted by the MRR a year before. A
    quarter without MRR at that time has no target.
    """
    company = history.company
    rng = generator(company.seed, "targets")
    csms = company.pods * CSMS_PER_POD
    cell = company.csm * len(SEGMENTS) + company.segment
    closing, _ = mrr_by_month(history, cell, csms * len(SEGMENTS))
    by_csm = closing.reshape(MONTHS, csms, len(SEGMENTS))
    by_pod = by_csm.reshape(MONTHS, company.pods, CSMS_PER_POD, len(SEGMENTS)).sum(axis=2)
    by_segment = by_csm.sum(axis=1)[:, :, None] * np.eye(len(SEGMENTS))
    company_wide = by_csm.sum(axis=1, keepdims=True)
    ends, names = _quarters(company)
    periods = pa.array(names)
    scopes = (
        ("company", company_wide, pa.array(["company"])),
        ("segment", by_segment, pa.array(SEGMENTS)),
        ("pod", by_pod, columns.pod_ids(np.arange(company.pods))),
        ("csm", by_csm, columns.csm_ids(np.arange(csms))),
    )
    parts = [
        _rows(periods, scope, owners, _plan(mrr, ends, rng), "plan")
        for scope, mrr, owners in scopes
    ]
    recent = ends >= MONTHS - 4
    late = tuple(values[recent] for values in _plan(company_wide, ends, rng))
    chosen = periods.filter(pa.array(recent))
    parts.append(_rows(chosen, "company", pa.array(["company"]), late, "forecast"))
    return pa.concat_tables(parts)


def _rows(
    periods: pa.Array, scope: str, owners: pa.Array, values: tuple[Floats, ...], scenario: str
) -> pa.Table:
    stacked = np.stack(values)
    metric, quarter, owner = (grid.ravel() for grid in np.indices(stacked.shape))
    flat = stacked.ravel()
    keep = flat > 0
    metric, quarter, owner = metric[keep], quarter[keep], owner[keep]
    same = np.zeros(metric.size, np.int64)
    return pa.table(
        {
            "metric": columns.names(_METRICS, metric),
            "period": columns.pick(periods, quarter),
            "value": columns.numbers(flat[keep]),
            "scope": columns.names([scope], same),
            "owner": columns.pick(owners, owner),
            "scenario": columns.names([scenario], same),
        }
    )
