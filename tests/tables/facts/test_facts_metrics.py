"""Every metric of a company whose MRR is a fact table read in parts is that of the table read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import saasmetrics as sm
from tests.connected.test_every_metric import metrics, options
from tests.tables.facts.panels import in_parts

if TYPE_CHECKING:
    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric

FEW = {"arr", "bridge", "nrr", "grr", "logo_churn", "cohorts", "survival", "ltv"}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> tuple[Book, Book]:
    """Return the made-up company with a row for each customer and month, read whole and in parts."""
    demo, folder = sm.demo(customers=120), tmp_path_factory.mktemp("facts")
    pq.write_table(facts(demo), folder / "mrr.parquet")
    for name, table in demo.tables.items():
        if name != "subscriptions":
            pq.write_table(table.data, folder / f"{name}.parquet")
    whole = sm.read(folder, as_of=demo.as_of_text)
    with in_parts(500):
        return whole, sm.read(folder, as_of=demo.as_of_text)


def facts(book: Book) -> pa.Table:
    """Return what each customer pays at the end of each month, by two plans."""
    first, many, _ = book.engine.extent("M")
    ids = np.array(book.engine.spans.entity_ids.to_pylist())
    parts = []
    for month in range(first, first + many):
        mrr, _ = book.engine.periodic("M").state(month)
        who = np.flatnonzero(mrr)
        day = np.full(len(who), np.datetime64(month, "M").astype("datetime64[D]"))
        plan = np.where(who % 2, "Pro", "Team")
        parts.append(
            pa.table([ids[who], day, mrr[who] / 1e6, plan], ["customer_id", "month", "mrr", "plan"])
        )
    return pa.concat_tables(parts)


def same(entry: Metric, books: tuple[Book, Book]) -> None:
    """Refuse a metric that says something else of the two books."""
    said = []
    for book in books:
        try:
            result = entry.function(book, **options(entry))
        except sm.DataError as error:
            said.append((pd.DataFrame(), str(error)))
        else:
            said.append((result.df, result.footnote))
    pd.testing.assert_frame_equal(said[0][0], said[1][0])
    assert said[0][1] == said[1][1]


@pytest.mark.parametrize(
    "entry", [each for each in metrics() if each.id in FEW], ids=lambda e: e.id
)
def test_a_metric_is_that_of_the_whole(entry: Metric, books: tuple[Book, Book]) -> None:
    same(entry, books)


@pytest.mark.cluster
def test_every_metric_is_that_of_the_whole(books: tuple[Book, Book]) -> None:
    for entry in metrics():
        if entry.id not in FEW:
            same(entry, books)


def test_the_report_is_that_of_the_whole_but_for_what_was_kept(books: tuple[Book, Book]) -> None:
    whole, parts = (book.check().df.drop(columns=["examples", "place"]) for book in books)
    kept = parts[~parts["finding"].str.contains("were read in parts")]
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), whole)
