"""Headers and titles that say beside an amount which currency it is in, or that it is in thousands."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.tables.canonical import normalize
from saasmetrics.tables.dressed import undressed
from saasmetrics.tables.titles import currency_of_titles

TERMS = {"subscription_id": ["s1"], "customer_id": ["a"], "start": ["2026-01-01"]}


@pytest.mark.parametrize(
    ("header", "code", "interval"),
    [
        ("Betrag (EUR)", "EUR", None),
        ("Betrag in Euro", "EUR", None),
        ("Preis €", "EUR", None),
        ("amount_gbp", "GBP", None),
        ("EUR Betrag", "EUR", None),
        ("Amount [US$]", "USD", None),
        ("MRR (CHF)", "CHF", "month"),
        ("Jahresbetrag, EUR", "EUR", "year"),
        ("金額（円）", "JPY", None),
        ("Amount ($)", None, None),
    ],
    ids=[*"abcdefghij"],
)
def test_the_currency_beside_the_name_of_an_amount_is_that_of_the_table(
    header: str, code: str | None, interval: str | None
) -> None:
    rows = {**TERMS, header: ["100"], **({} if interval else {"interval": ["month"]})}
    row = normalize("subscriptions", rows).data.to_pylist()[0]
    assert (row["amount"], row.get("currency")) == (100.0, code)
    assert row["interval"] == (interval or "month")


def test_a_column_of_currencies_goes_before_a_header() -> None:
    rows = {**TERMS, "Amount (EUR)": [1], "interval": ["month"], "currency": ["USD"]}
    assert normalize("subscriptions", rows).data["currency"].to_pylist() == ["USD"]


@pytest.mark.parametrize(
    "header", ["Betrag (TEUR)", "Betrag in T€", "Betrag (k€)", "Amount (000s)", "Amount in thousands",
               "Betrag in Tsd. EUR", "amount_k", "Importe (miles de euros)", "Montant (k EUR)"],
)  # fmt: skip
def test_thousands_are_never_read_as_units(header: str) -> None:
    rows = {**TERMS, header: ["100"], "interval": ["month"]}
    with pytest.raises(InvalidTablesError) as caught:
        normalize("subscriptions", rows)
    assert f"amounts are in thousands, as {header!r} says" in str(caught.value)
    assert 'Write them in full, not in thousands, and call the column "amount (' in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (["Betrag EUR/USD"], "amounts are in EUR or USD, as 'Betrag EUR/USD' says"),
        (["Betrag €/$"], "amounts are in EUR or another currency"),
        (["Betrag EUR", "Betrag USD"], "'Betrag EUR' and 'Betrag USD' are the same amount"),
        (["Betrag EUR", "list_amount (USD)"], "in EUR, as 'Betrag EUR' says and in USD, as"),
        (["Betrag (M€)"], "amounts are in millions"),
    ],
)
def test_amounts_of_several_currencies_are_named_with_what_to_do(
    headers: list[str], said: str
) -> None:
    rows = {**TERMS, **{header: ["100"] for header in headers}, "interval": ["month"]}
    with pytest.raises(InvalidTablesError) as caught:
        normalize("subscriptions", rows)
    assert said in str(caught.value)


def test_a_name_that_says_no_currency_stays_what_it_is() -> None:
    for header in ("Plan Tier", "amount", "Betrag alle", "Total", "MRR m", "EUR", "Net new"):
        assert undressed(header) is None


def test_who_names_a_column_does_not_take_thousands_for_units(tmp_path: Path) -> None:
    (tmp_path / "subscriptions.csv").write_text(
        "subscription_id,customer_id,start,interval,Umsatz (TEUR)\ns1,a,2026-01-01,month,5\n"
    )
    with pytest.raises(InvalidTablesError, match="amounts are in thousands"):
        sm.read(tmp_path, columns={"subscriptions": {"Umsatz (TEUR)": "amount"}})


def test_who_maps_a_column_keeps_its_currency(tmp_path: Path) -> None:
    (tmp_path / "liste.csv").write_text("Kunde,Monat,Umsatz (EUR)\na,2026-01,5\n")
    mapping = '["liste.csv"]\ntable = "mrr"\n["liste.csv".columns]\n"Umsatz ({})" = "mrr"\n"Monat" = "month"\n'
    (tmp_path / "mapping.toml").write_text(mapping.format("EUR"))
    assert sm.read(tmp_path, as_of="2026-01-31").currency == "EUR"
    (tmp_path / "liste.csv").write_text("Kunde,Monat,Umsatz (TEUR)\na,2026-01,5\n")
    (tmp_path / "mapping.toml").write_text(mapping.format("TEUR"))
    with pytest.raises(DataError, match="amounts are in thousands"):
        sm.read(tmp_path, as_of="2026-01-31")


def test_tables_that_stay_where_they_are_have_the_currency_of_their_header_too() -> None:
    frame = pd.DataFrame({**TERMS, "Betrag (EUR)": [100.0], "interval": ["month"]})
    link = duckdb.connect()
    link.register("subs", frame.assign(start=pd.to_datetime(frame["start"])))
    book = sm.connect(subscriptions=link.table("subs"), as_of="2026-01-31")
    assert (book.currency, sm.revenue.mrr(book).value) == ("EUR", 100.0)


@pytest.mark.parametrize(
    "title", ["MRR in TEUR", "(in thousands)", "€000", "ARR, T€", "単位：千円"]
)
def test_a_title_of_thousands_is_refused(title: str) -> None:
    with pytest.raises(DataError, match=r"amounts are in thousands, as .* take these words"):
        currency_of_titles("cube.xlsx", ["Acme", title], [])


def test_a_title_of_words_names_no_currency() -> None:
    titles = ["Acme CAD Inc.", "Customers in all regions", "Plans (K)", "Report in PDF", "MRR 2026"]
    assert currency_of_titles("cube.xlsx", titles, []) == ""


def test_the_currency_above_a_customer_cube_is_that_of_its_amounts(tmp_path: Path) -> None:
    (tmp_path / "cube.csv").write_text("MRR in CHF\n\nCustomer,Jan 2026,Feb 2026\nA,1,2\nB,3,4\n")
    assert sm.read(tmp_path, as_of="2026-02-28").currency == "CHF"


@pytest.mark.parametrize("above", ["", "Acme\n\n"], ids=["wide", "titled"])
def test_the_signs_in_the_cells_of_a_cube_are_its_currency(tmp_path: Path, above: str) -> None:
    (tmp_path / "mrr.csv").write_text(f"{above}Customer,Jan 2026,Feb 2026\nA,5 €,5 €\nB,7 €,7 €\n")
    assert sm.read(tmp_path, as_of="2026-02-28").currency == "EUR"
    (tmp_path / "mrr.csv").write_text(f"{above}Customer,Jan 2026,Feb 2026\nA,5 €,5 €\nB,7 £,7 £\n")
    with pytest.raises(DataError, match=r"currenc(y|ies)"):
        sm.read(tmp_path, as_of="2026-02-28")


@pytest.mark.parametrize("title", ["ARR by customer", "Annualized recurring revenue, 2026"])
def test_a_cube_of_arr_is_not_read_as_mrr(tmp_path: Path, title: str) -> None:
    rows = "Customer,Jan 2026,Feb 2026\nA,120,120\nB,240,240\n"
    (tmp_path / "cube.csv").write_text(f'"{title}"\n\n{rows}')
    with pytest.raises(DataError, match=r"MRR is a twelfth of it\. Divide them by 12"):
        sm.read(tmp_path, as_of="2026-02-28")
    (tmp_path / "cube.csv").write_text(f'"MRR beside ARR"\n\n{rows}')
    assert sm.revenue.mrr(sm.read(tmp_path, as_of="2026-02-28")).value == 360.0
