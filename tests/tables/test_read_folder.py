"""Folders and files of exports."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.tables import read_folder
from saasmetrics.tables.read import table_of_stem

MRR = "customer_id,month,mrr\n007,2025-01-01,10\n008,2025-01-01,20\n"
CUSTOMERS = "id,name,zip,active,score,plan\n007,Bond,01234,true,1.5,\n008,Bill,56789,false,2.5,x\n"


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("stem", "table"),
    [
        ("subscriptions", "subscriptions"),
        ("subscription", "subscriptions"),
        ("Accounts", "customers"),
        ("ravenstack_support_tickets", "tickets"),
        ("ravenstack_feature_usage", "usage"),
        ("billing", "invoices"),
        ("acme-invoices-2025-03", "invoices"),
        ("Customers (1)", "customers"),
        ("mrr_export_final", "mrr"),
        ("event_counts_by_account_month", "usage"),
        ("churn_events", None),
        ("account_balance_history", None),
        ("Telco-Customer-Churn", None),
        ("customers_to_call", None),
    ],
)
def test_the_name_of_a_file_says_which_table_it_is(stem, table):
    assert table_of_stem(stem) == table


def test_a_folder_of_csv_files_becomes_tables(tmp_path):
    tables = read_folder(write(tmp_path, mrr=MRR, customers=CUSTOMERS))
    assert {name: table.num_rows for name, table in tables.items()} == {"mrr": 2, "customers": 2}


def test_ids_and_extra_columns_keep_their_leading_zeros(tmp_path):
    customers = read_folder(write(tmp_path, customers=CUSTOMERS))["customers"].data
    assert customers["customer_id"].to_pylist() == ["007", "008"]
    assert customers["zip"].to_pylist() == ["01234", "56789"]


def test_extra_columns_become_numbers_and_flags_where_they_are(tmp_path):
    customers = read_folder(write(tmp_path, customers=CUSTOMERS))["customers"].data
    assert customers["active"].to_pylist() == [True, False]
    assert customers["score"].to_pylist() == [1.5, 2.5]


def test_files_that_are_not_recognized_are_noted(tmp_path):
    tables = read_folder(write(tmp_path, mrr=MRR, misc="a\n1\n"))
    assert "not recognized and left aside: misc.csv" in tables["mrr"].notes


def test_a_folder_without_any_table_is_refused_with_what_was_found(tmp_path):
    with pytest.raises(DataError, match=r"Found: misc\.csv\. Name the files after the tables"):
        read_folder(write(tmp_path, misc="a\n1\n"))


def test_a_folder_of_unknown_files_is_pointed_to_the_way_exports_are_read(tmp_path):
    place = write(tmp_path, rechnungen="Nummer;Kunde;Betrag\nRE-1;Ada;1,00\n")
    with pytest.raises(DataError, match=r"saasmetrics import .*sm\.importers\.import_folder\("):
        read_folder(place)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no CSV, Parquet or XLSX file"):
        read_folder(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="There is no file or folder"):
        read_folder(tmp_path / "nowhere")


def test_two_files_for_one_table_are_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"accounts\.csv and customers\.csv are both the table 'customers'"
    ):
        read_folder(write(tmp_path, customers=CUSTOMERS, accounts=CUSTOMERS))


def test_problems_of_several_files_come_in_one_error(tmp_path):
    with pytest.raises(InvalidTablesError) as caught:
        read_folder(
            write(tmp_path, mrr="customer_id,mrr\na,x\n", fx="date,currency\n2025-01-01,EUR\n")
        )
    assert {problem.table for problem in caught.value.problems} == {"mrr", "fx"}


def test_a_single_file_is_read(tmp_path):
    write(tmp_path, mrr=MRR)
    assert list(read_folder(tmp_path / "mrr.csv")) == ["mrr"]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_understood(tmp_path, separator):
    tables = read_folder(write(tmp_path, mrr=MRR.replace(",", separator)))
    assert tables["mrr"].data["mrr"].to_pylist() == [10.0, 20.0]


def test_the_mark_that_excel_puts_before_utf8_is_ignored(tmp_path):
    (tmp_path / "mrr.csv").write_text(MRR, encoding="utf-8-sig")
    assert read_folder(tmp_path)["mrr"].column_names == ["customer_id", "month", "mrr"]


def test_an_encoding_that_cannot_be_told_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "mrr.csv").write_bytes(MRR.replace("007", "Москва").encode("cp1251"))
    with pytest.raises(DataError, match="Save it as CSV UTF-8"):
        read_folder(tmp_path)


def test_rows_of_different_lengths_are_refused_with_the_reason(tmp_path):
    with pytest.raises(DataError, match="needs quotes around it"):
        read_folder(write(tmp_path, mrr=MRR + "a,2025-01-01,1,5\n"))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="must hold the column names"):
        read_folder(write(tmp_path, mrr=""))


def test_quoted_names_and_values_are_understood(tmp_path):
    text = '"Customer","Month","MRR"\n"Smith, Inc.","2025-01-01","1,000.50"\n'
    row = read_folder(write(tmp_path, mrr=text))["mrr"].data.to_pylist()[0]
    assert (row["customer_id"], row["mrr"]) == ("Smith, Inc.", 1000.5)


def test_the_region_na_is_not_missing(tmp_path):
    customers = read_folder(write(tmp_path, customers="id,region\na,NA\nb,\n"))["customers"].data
    assert customers["region"].to_pylist() == ["NA", None]


def test_compressed_csv_is_read(tmp_path):
    (tmp_path / "mrr.csv.gz").write_bytes(gzip.compress(MRR.encode()))
    assert read_folder(tmp_path)["mrr"].num_rows == 2


def test_parquet_keeps_its_own_types(tmp_path):
    pq.write_table(
        pa.table({"customer_id": [1], "month": [dt.date(2025, 1, 1)], "mrr": [1.0]}),
        tmp_path / "mrr.parquet",
    )
    assert read_folder(tmp_path)["mrr"].data["customer_id"].to_pylist() == [1]


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "mrr.parquet").write_bytes(b"PK")
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read_folder(tmp_path)


def workbook(path, **sheets):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_the_sheets_of_a_workbook_are_tables(tmp_path):
    workbook(
        tmp_path / "export.xlsx",
        mrr=[["customer_id", "month", "mrr"], ["a", dt.datetime(2025, 1, 1), 10]],  # noqa: DTZ001
        customers=[[], ["id", "name"], ["a", "Ann"]],
        notes=[["hello"], ["world"]],
    )
    tables = read_folder(tmp_path)
    assert tables["mrr"].data.to_pylist() == [
        {"customer_id": "a", "month": dt.date(2025, 1, 1), "mrr": 10.0}
    ]
    assert tables["customers"].data["name"].to_pylist() == ["Ann"]
    assert any("export.xlsx: notes" in note for note in tables["mrr"].notes)


def test_a_workbook_of_one_sheet_may_be_named_by_its_file(tmp_path):
    february = dt.datetime(2025, 2, 28)  # noqa: DTZ001
    workbook(tmp_path / "mrr.xlsx", Sheet1=[["customer", "Jan-25", february], ["a", 10, 11]])
    assert read_folder(tmp_path)["mrr"].data["mrr"].to_pylist() == [10.0, 11.0]


def test_numbers_as_ids_of_a_workbook_match_text_in_a_csv_file(tmp_path):
    workbook(tmp_path / "mrr.xlsx", Sheet1=[["customer", "Jan-25"], [7, 10]])
    tables = read_folder(write(tmp_path, customers="id\n7\n"))
    assert tables["mrr"].data["customer_id"].to_pylist() == ["7"]


def test_a_column_without_a_name_is_refused(tmp_path):
    workbook(tmp_path / "mrr.xlsx", Sheet1=[["customer", None, "Jan-25"], ["a", "x", 10]])
    with pytest.raises(DataError, match="column 2 has no name"):
        read_folder(tmp_path)


CONTRACTS = {
    "Verträge": "Vertragsnummer;Kunde;Beginn;Ende;Betrag;Turnus;monatlich;vierteljährlich;Jährlich",
    "contrats": "Contrat;Client;Début;Fin;Montant;Périodicité;mensuel;trimestriel;annuel",
    "contratos": "Contrato;Cliente;Fecha inicio;Fecha fin;Importe;Periodicidad;mensual;trimestral;anual",
    "contracten": "Contractnummer;Klant;Begindatum;Einddatum;Bedrag;Frequentie;maandelijks;per kwartaal;jaarlijks",
    "contratti": "Contratto;Cliente;Inizio;Fine;Importo;Periodicità;mensile;trimestrale;annuale",
    "assinaturas": "Contrato;Cliente;Início;Fim;Valor;Periodicidade;mensal;trimestral;anual",
    "契約一覧": "契約番号;顧客名;開始日;終了日;金額;支払周期;毎月;四半期;年額",
}


@pytest.mark.parametrize("name", CONTRACTS, ids=["de", "fr", "es", "nl", "it", "pt", "ja"])
def test_a_list_of_contracts_is_read_in_other_languages(tmp_path: Path, name: str) -> None:
    *columns, month, quarter, year = CONTRACTS[name].split(";")
    rows = (f"1;a;2025-01-01;;10,50;{month}", f"2;b;2025-01-01;2025-02-01;60;{quarter}",
            f"3;c;2025-01-01;;1.200,00;{year}")  # fmt: skip
    (tmp_path / f"{name}.csv").write_text("\n".join([";".join(columns), *rows]), "utf-8")
    book = sm.read(tmp_path, as_of="2025-02-28")
    assert sm.revenue.mrr(book).df["value"].tolist() == [130.5, 110.5]
