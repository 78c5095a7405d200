"""Proofs of many numbers as workbooks, all calculated again by one start of LibreOffice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.export.workbook import Formula, Workbook
from saasmetrics.proof import Proof
from tests.proof.recalculation import recalculated, soffice


@dataclass(frozen=True)
class Written:
    """A workbook as we wrote it, as LibreOffice calculated it, and the proof it is of."""

    file: Path
    again: Path
    proof: Proof | None


def results(book: sm.Book) -> dict[str, tuple[sm.Result, dict[str, object]]]:
    """Name -> result and cell: every kind of number that has a proof."""
    event = book.with_policy(view="event")
    first, group = {"period": "2026-03"}, {"segment": "SMB", "period": "2026-03"}
    cell = {"cohort": "2024-03", "age": 14}
    return {
        "mrr": (sm.revenue.mrr(book), first),
        "arr": (sm.revenue.arr(book, by="segment"), group),
        "arpa": (sm.revenue.arpa(book, interval=None), first),
        "quick_ratio": (sm.revenue.quick_ratio(book, interval=None), first),
        "closing": (sm.revenue.bridge(book), first),
        "churn": (sm.revenue.bridge(book), {**first, "movement": "churn"}),
        "expansion": (sm.revenue.movements(book), {**first, "movement": "expansion"}),
        "top_5": (sm.revenue.concentration(book), {"measure": "top 5"}),
        "hhi": (sm.revenue.concentration(book), {"measure": "HHI"}),
        "layer": (sm.revenue.layers(book), {"cohort": "2024-03", "period": "2026-02"}),
        "nrr": (sm.retention.nrr(book), {}),
        "nrr_group": (sm.retention.nrr(book, by="plan", interval=None), {"plan": "Growth"}),
        "nrr_event": (sm.retention.nrr(event, window=3, interval=None), first),
        "grr": (sm.retention.grr(book), {}),
        "grr_before": (sm.retention.grr(book, interval=None), {"period": "2022-01"}),
        "logos": (sm.retention.logo_churn(book, window=1), first),
        "net_churn": (sm.retention.net_churn(book, interval=None), first),
        "organic": (sm.retention.organic_nrr(book, interval=None), first),
        "cohort": (sm.retention.cohorts(book), cell),
        "cohort_net": (sm.retention.cohorts(book, "net"), cell),
        "cohort_mrr": (sm.retention.cohorts(book, "mrr"), cell),
        "cac": (sm.economics.cac(book, interval=None), {"period": "2026-03"}),
        "cac_group": (sm.economics.cac(book, by="segment", freq="Q", interval=None), group),
        "cac_ratio": (sm.economics.cac_ratio(book, interval=None), {}),
        "ltv": (sm.economics.ltv(book), {}),
        "ltv_cac": (sm.economics.ltv_cac(book), {}),
        "payback": (sm.economics.payback(book), {}),
        "payback_curve": (sm.economics.payback(book, method="churn_adjusted"), {}),
        "magic_number": (sm.economics.magic_number(book), {}),
        "burn_multiple": (sm.economics.burn_multiple(book), {}),
        "rule_of_40": (sm.economics.rule_of_40(book), {}),
        "survival": (sm.survival.curve(book), {"age": 18}),
        "survival_mrr": (sm.survival.curve(book, weight="mrr", interval=None), {"age": 18}),
    }


@pytest.fixture(scope="session")
def small_book() -> sm.Book:
    """A company whose workbooks are opened fast."""
    return sm.demo(customers=120)


@pytest.fixture(scope="session")
def proofs(small_book: sm.Book) -> dict[str, Proof]:
    """The proofs of one number of each kind."""
    return {name: result.proof(**cell) for name, (result, cell) in results(small_book).items()}


@pytest.fixture(scope="session")
def triangles(small_book: sm.Book) -> dict[str, sm.Result]:
    """Results to be written as they are."""
    cohorts = sm.retention.cohorts
    return {
        "triangle_logos": cohorts(small_book, freq="Q"),
        "triangle_net": cohorts(small_book, "net", by="segment", freq="Q"),
        "triangle_mrr": cohorts(small_book, "mrr", freq="Y"),
        "table_nrr": sm.retention.nrr(small_book, by="segment"),
        "table_bridge": sm.revenue.bridge(small_book),
    }


@pytest.fixture(scope="session")
def workbooks(
    proofs: dict[str, Proof],
    triangles: dict[str, sm.Result],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Written]:
    """All of them as workbooks, and "wrong": one with a wrong value; written, and calculated again in one go."""
    if soffice() is None:
        pytest.skip("LibreOffice is not here to calculate the workbooks again: `make programs`")
    folder = tmp_path_factory.mktemp("workbooks")
    sources = {**proofs, **triangles}
    files = {name: held.to_xlsx(folder / f"{name}.xlsx") for name, held in sources.items()}
    wrong = Workbook("Wrong", date(2026, 1, 31))
    wrong.sheet("Number").write(0, 0, Formula("=1+1", 3))
    files["wrong"] = wrong.save(folder / "wrong.xlsx")
    again = recalculated(list(files.values()), folder)
    return {n: Written(f, again[f.name], proofs.get(n)) for n, f in files.items()}
