"""Texts that a Parquet file holds as numbers of few texts stay numbered, and no number differs for it."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import saasmetrics as sm
from saasmetrics.tables import texts
from saasmetrics.tables.encoded import encoded
from saasmetrics.tables.texts import NUMBERED, numbered, numbered_in

WORDS = st.lists(st.sampled_from(["smb", "mid", "ent", "=cmd()", "", None]), max_size=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("texts")
    for name, table in sm.demo().tables.items():
        pq.write_table(table.data, place / f"{name}.parquet")
    return place


@pytest.fixture(scope="module")
def both(folder):
    """The same files read with texts plain, and with all that may be numbered."""
    books = []
    with pytest.MonkeyPatch.context() as patch:
        for width in (0, 1 << 20):
            patch.setattr(texts, "_WIDTH", width)
            books.append(sm.read(folder))
    return books


@given(WORDS, st.data())
def test_some_rows_of_numbered_texts_are_encoded_as_plain_ones(words, data):
    keep = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    plain = pa.array(words, pa.string())
    some = plain.dictionary_encode().filter(pa.array(keep, pa.bool_()))
    values, codes = encoded(some)
    known, numbers = encoded(plain.filter(pa.array(keep, pa.bool_())))
    assert (values.to_pylist(), codes.tolist()) == (known.to_pylist(), numbers.tolist())


def test_a_text_that_is_there_twice_makes_the_column_plain():
    twice = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["smb", "smb"]))
    made = numbered(pa.chunked_array([twice]))
    assert made.type == pa.string()
    assert made.to_pylist() == ["smb", "smb"]


def test_texts_of_many_different_values_are_not_numbered(tmp_path):
    rows = pa.table({"few": ["smb", "mid"] * 5000, "many": [f"note {n}" for n in range(10_000)]})
    pq.write_table(rows, tmp_path / "rows.parquet")
    assert numbered_in([pq.read_metadata(tmp_path / "rows.parquet")]) == ["few"]


def test_columns_of_words_come_numbered_and_ids_and_days_do_not(both):
    plain, kept = (book.tables["subscriptions"].data for book in both)
    assert plain.schema.field("interval").type == pa.string()
    assert kept.schema.field("interval").type == NUMBERED
    assert kept.schema.field("plan").type == NUMBERED
    assert kept.schema.field("customer_id").type == plain.schema.field("customer_id").type


def test_tables_and_their_hash_are_the_same(both):
    plain, kept = both
    assert kept.data_hash == plain.data_hash
    for name in plain.tables:
        assert_frame_equal(kept.frame(name), plain.frame(name))


def test_findings_are_the_same(both):
    plain, kept = (book.check().df for book in both)
    assert_frame_equal(kept, plain)


def test_every_page_of_a_pack_is_the_same(both, tmp_path):
    plain, kept = tmp_path / "plain.json", tmp_path / "kept.json"
    for book, file in zip(both, (plain, kept), strict=True):
        sm.board.pack(book).save(file)
    assert kept.read_text(encoding="utf-8") == plain.read_text(encoding="utf-8")


def test_a_part_of_a_book_has_only_the_groups_of_its_rows(both):
    plain, kept = (book.where(segment=["SMB"]) for book in both)
    assert_frame_equal(sm.retention.nrr(kept, by="plan").df, sm.retention.nrr(plain, by="plan").df)


def mapped(values: pa.Array, folder) -> sm.Book:
    ids = [f"c{number:05}" for number in range(len(values))]
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table({"customer_id": ids, "flag": values}), folder / "customers.parquet")
    months = {"customer_id": ids, "month": ["2025-01-01"] * len(ids), "mrr": [10.0] * len(ids)}
    pq.write_table(pa.table(months), folder / "mrr.parquet")
    return sm.read(folder)


def test_texts_that_no_row_has_do_not_decide_the_type_of_a_column(tmp_path):
    numbers = [str(1 + number % 11) for number in range(3000)]
    flags = pa.array([*numbers, "unknown"]).dictionary_encode()[: len(numbers)]
    book = mapped(flags, tmp_path)
    assert book.frame("customers")["flag"].dtype == "int64"
    assert len(book.where(flag=[2]).frame("customers")) == 273


@pytest.mark.parametrize("width", [0, 1 << 20])
def test_missing_values_at_the_begin_do_not_decide_the_type_of_a_column(
    tmp_path, monkeypatch, width
):
    monkeypatch.setattr(texts, "_WIDTH", width)
    flags = pa.array([None] * 150 + ["true", "false"] * 1425)
    assert mapped(flags, tmp_path).frame("customers")["flag"].dropna().unique().tolist() == [
        True,
        False,
    ]


IDS = ["a", "b", "c", "d"]
MRR = {"customer_id": IDS, "month": ["2026-01-01"] * 4, "mrr": [1.0, 2.0, 4.0, 8.0]}
CUSTOMERS = {
    "customer_id": IDS,
    "segment": ["SMB", "", " \t\u00a0", None],
    "tier": ["", "x", " ", "x"],
}


def _groups(book: sm.Book, by: str) -> dict[str, float]:
    found = sm.revenue.mrr(book, by=by).df
    return dict(zip(found[by], found["value"], strict=True))


@pytest.mark.parametrize("kind", ["csv", "parquet", "numbered", "arrow", "pandas", "polars"])
def test_an_empty_text_and_one_of_blanks_are_missing_wherever_they_come_from(
    kind, tmp_path, monkeypatch
):
    rows, mrr = pa.table(CUSTOMERS), pa.table(MRR)
    if kind in ("arrow", "pandas", "polars"):
        import polars as pl

        given_as = {"arrow": rows, "pandas": rows.to_pandas(), "polars": pl.from_arrow(rows)}
        book = sm.Book(mrr=mrr, customers=given_as[kind])
    else:
        monkeypatch.setattr(texts, "_WIDTH", (1 << 20) if kind == "numbered" else 0)
        pq.write_table(mrr, tmp_path / "mrr.parquet")
        if kind == "csv":
            rows.to_pandas().to_csv(tmp_path / "customers.csv", index=False)
        else:
            pq.write_table(rows, tmp_path / "customers.parquet")
        book = sm.read(tmp_path)
    assert _groups(book, "segment") == {"SMB": 1, "(none)": 14}
    assert _groups(book, "tier") == {"x": 10, "(none)": 5}
    assert sm.revenue.mrr(book.where(segment="(none)")).value == 14
    drilled = sm.revenue.mrr(book, by="segment").rows(period="2026-01", segment="(none)")
    assert set(drilled["customer_id"]) == {"b", "c", "d"}
