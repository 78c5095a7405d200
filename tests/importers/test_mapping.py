"""Files that no system is known for: a mapping to fill in, and the command that says what became of each."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.cli import DONE, USAGE, main
from saasmetrics.errors import DataError
from tests.importers.exports import folder
from tests.importers.test_stripe import DASHBOARD

SPENDING = "Monat|Bereich|Betrag\n2026-01|sales|100\n2026-02|marketing|50"
FILLED = """
["kosten.csv"]
table = "spend"

["kosten.csv".columns]
monat = "month"
bereich = "function"
betrag = "amount"
"""


def test_a_file_that_is_not_recognized_gets_a_mapping_to_fill_in(tmp_path: Path) -> None:
    found = sm.importers.import_folder(folder(tmp_path, subs=DASHBOARD, kosten=SPENDING))
    assert [file.label for file in found.strangers] == ["kosten.csv"]
    text = found.write_mapping(tmp_path).read_text()
    assert '["kosten.csv"]\ntable = ""' in text
    assert '"betrag" = ""' in text


def test_a_lone_file_that_is_not_recognized_gets_a_mapping_and_the_nearest_export_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path, list="Nummer|Kunde|Datum|Betrag\n1|Ada|2026-01-31|10")
    assert main(["import", str(tmp_path)]) == USAGE
    said = capsys.readouterr().err
    assert "list.csv is nearest to Invoice list, but has no column number (invoice_number" in said
    assert "a customer cube" in said
    assert "Or fill in" in said
    assert '["list.csv"]\ntable = ""' in (tmp_path / "mapping.toml").read_text()


def test_a_filled_mapping_makes_a_table_of_it(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD, kosten=SPENDING)
    (tmp_path / "mapping.toml").write_text(FILLED)
    book = sm.read(tmp_path, as_of="2026-05-31")
    assert book.frame("spend")["amount"].tolist() == [100.0, 50.0]
    assert "as mapping.toml says" in " ".join(book.tables["subscriptions"].notes)


@pytest.mark.parametrize("name", ["Client Code", "client_code"])
def test_a_mapping_names_columns_as_the_file_does_or_in_snake_case(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "abos.csv").write_text("Client Code,Begin,Betrag\nA,2026-01-01,10\n")
    (tmp_path / "mapping.toml").write_text(
        f'["abos.csv"]\ntable = "mrr"\n["abos.csv".columns]\n"{name}" = "customer_id"\n'
        '"Begin" = "month"\n"Betrag" = "mrr"\n'
    )
    assert sm.revenue.mrr(sm.read(tmp_path)).value == 10.0


def test_a_column_that_a_mapping_names_both_ways_is_refused(tmp_path: Path) -> None:
    (tmp_path / "abos.csv").write_text("Client Code\nA\n")
    (tmp_path / "mapping.toml").write_text(
        '["abos.csv"]\ntable = "mrr"\n["abos.csv".columns]\n"Client Code" = "customer_id"\n'
        '"client_code" = "mrr"\n'
    )
    with pytest.raises(DataError, match="what the column client_code is, is said twice"):
        sm.read(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('["kosten.csv"]\ntable = "spendings"', "Did you mean 'spend'"),
        (FILLED.replace("betrag =", "preis ="), "names the column 'preis'"),
        ("[kosten", "mapping.toml is not readable"),
        ('["kosten.csv"]\ntabel = "spend"', "Did you mean 'table'"),
        ('[kosten.csv]\ntable = "spend"', "name of a file is in quotes"),
        ('kosten = "spend"', "kosten is no file"),
        ('["kosten.csv"]\ntable = "spend"\ncolumns = "month"', "columns of kosten.csv are lines"),
        ('["kosten.csv"]\ntable = 3', "is a name in quotes"),
        ('["kosten.csv".columns]\nmonat = "month"', "does not say which table"),
        (FILLED.replace('"spend"', '""'), "does not say which table"),
    ],
)
def test_a_mapping_that_is_wrong_says_where(tmp_path: Path, wrong: str, words: str) -> None:
    folder(tmp_path, subs=DASHBOARD, kosten=SPENDING)
    (tmp_path / "mapping.toml").write_text(wrong)
    with pytest.raises(DataError, match=words):
        sm.read(tmp_path)


CUSTOMERS = "Kundennr|Kundenname\n1|Ada\n2|Bob"
NAMED = """
["kunden.csv"]
table = "customers"

["kunden.csv".columns]
kundennr = "{}"
kundenname = "{}"
"""


def test_the_command_refuses_a_target_that_the_table_does_not_have_and_names_those_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path, subs=DASHBOARD, kunden=CUSTOMERS)
    (tmp_path / "mapping.toml").write_text(NAMED.format("customer_id", "nmae"))
    assert main(["import", str(tmp_path)]) == USAGE
    said = capsys.readouterr().err
    assert "mapping.toml: the table customers has no column 'nmae'" in said
    assert "It has name, " in said


def test_the_command_tells_required_columns_that_the_mapping_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path, kunden=CUSTOMERS)
    (tmp_path / "mapping.toml").write_text(NAMED.format("", "name"))
    assert main(["import", str(tmp_path)]) == USAGE
    said = capsys.readouterr().err
    assert "has no column customer_id" in said
    assert '"..." = "customer_id"' in said
    assert "sm.read" not in said


def test_a_mapping_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD, kosten=SPENDING)
    (tmp_path / "mapping.toml").write_text(FILLED, encoding="utf-8-sig")
    assert "spend" in sm.importers.import_folder(tmp_path).tables


@pytest.mark.parametrize("place", ["", "a\0b", "/dev/full", "subs.csv"])
def test_tables_go_to_a_folder_or_say_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    found = sm.importers.import_folder(folder(tmp_path, subs=DASHBOARD))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        found.write(place)


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sm.importers.import_folder(folder(tmp_path, subs=DASHBOARD))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(DataError, match="No space left on device"):
        found.write(tmp_path / "out")


def test_the_command_says_what_became_of_the_exports_and_writes_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "raw").mkdir()
    folder(tmp_path / "raw", subs=DASHBOARD, kosten=SPENDING)
    out = tmp_path / "tables"
    assert main(["import", str(tmp_path / "raw"), "--columns", "--out", str(out)]) == DONE
    said = capsys.readouterr().out
    assert "Stripe: subscriptions 3 rows, customers 4 rows" in said
    assert "customer_id -> customer_id" in said
    assert "without spend: no CAC, LTV:CAC and payback" in said
    assert "not recognized: kosten.csv" in said
    assert "fill in" in said
    book = sm.read(out, as_of="2026-05-31")
    assert sm.revenue.mrr(book).df["value"].tolist() == [200.0, 200.0, 200.0, 150.0, 150.0]


def test_the_command_never_writes_among_the_exports(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD)
    assert main(["import", str(tmp_path), "--out", str(tmp_path)]) == USAGE


# Which kind of export a file is, and how files are read

COMMAS = """Invoice No;Customer;Date;Description;Net
1;Ada;03/04/2026;Pro subscription;1.200
2;Bob;04/04/2026;Pro subscription;2.400"""
SUBS = "subs.csv"
RENAMED = DASHBOARD.replace("Customer ID", "Kunde")


def kind(export: str, **columns: str) -> str:
    lines = [f'["{SUBS}"]', f'export = "{export}"', f'["{SUBS}".columns]']
    return "\n".join([*lines, *(f'{old} = "{new}"' for old, new in columns.items())])


@pytest.mark.parametrize(("header", "name"), [("Kunde", "kunde"), ("Der Kunde", '"Der Kunde"')])
def test_a_mapping_says_which_kind_of_export_a_file_is_and_which_column_is_which(
    tmp_path: Path, header: str, name: str
) -> None:
    folder(tmp_path, subs=RENAMED.replace("Kunde", header))
    with pytest.raises(DataError, match=r"subs\.csv is nearest to Stripe"):
        sm.importers.import_folder(tmp_path)
    (tmp_path / "mapping.toml").write_text(
        kind("stripe: dashboard subscriptions", **{name: "customer_id"})
    )
    made = sm.importers.import_folder(tmp_path)
    (tmp_path / "mapping.toml").unlink()
    alike = sm.importers.import_folder(folder(tmp_path, subs=DASHBOARD))
    assert made.tables["subscriptions"].equals(alike.tables["subscriptions"])
    assert "subs.csv is stripe: dashboard subscriptions, as mapping.toml says" in made.notes
    assert not alike.notes


def test_a_kind_that_a_file_was_taken_for_can_be_corrected(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD)
    (tmp_path / "mapping.toml").write_text(kind("stripe: subscriptions"))
    with pytest.raises(DataError, match="lacks its subscription items"):
        sm.importers.import_folder(tmp_path)


def test_a_file_that_is_recognized_can_be_left_out_and_it_is_said(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD, twice=DASHBOARD)
    with pytest.raises(DataError, match="are both dashboard subscriptions of Stripe"):
        sm.importers.import_folder(tmp_path)
    (tmp_path / "mapping.toml").write_text('["twice.csv"]\ntable = ""')
    made = sm.importers.import_folder(tmp_path)
    assert len(made.tables["subscriptions"]) == 3
    assert "twice.csv is left out, as mapping.toml says" in made.notes


def test_a_file_that_cannot_be_read_can_be_left_out(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD)
    (tmp_path / "broken.xlsx").write_bytes(b"this is no workbook")
    (tmp_path / "mapping.toml").write_text('["broken.xlsx"]\ntable = ""')
    assert sm.read(tmp_path, as_of="2026-05-31").tables["subscriptions"].num_rows == 3


def test_a_mapping_that_leaves_out_every_file_says_which_line_to_edit(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD)
    (tmp_path / "mapping.toml").write_text(f'["{SUBS}"]\ntable = ""')
    with pytest.raises(DataError, match=r'every file.* below \["subs\.csv"\] change table = ""'):
        sm.read(tmp_path)


def test_tables_by_their_names_are_read_beside_files_that_are_left_out(tmp_path: Path) -> None:
    folder(tmp_path, mrr="customer_id|month|mrr\na|2026-01|5", customers="x|y\n1|2")
    (tmp_path / "mapping.toml").write_text('["customers.csv"]\ntable = ""')
    assert list(sm.read(tmp_path, as_of="2026-01-31").tables) == ["mrr"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (kind("stripe: subscription"), "Did you mean 'stripe: subscriptions'"),
        (kind("stripe: dashboard subscriptions", plan="cost"), "field of stripe: dashboard"),
        (kind("stripe: dashboard subscriptions", plans="plan"), "Did you mean 'plan'"),
        (
            kind("stripe: dashboard subscriptions", id="plan", plan="plan"),
            "cannot both be plan of stripe",
        ),
        (kind("stripe: coupons"), r"has no column duration \(duration ...\) and no percent_off"),
        (f'["{SUBS}"]\ntable = "spend"\nexport = "stripe: prices"', "a table and an export"),
        (f'["{SUBS}"]\nexport = 3', "the export of subs.csv is a name in quotes"),
        (f'["{SUBS}"]\ntable = "spend"\ndecimal = 3', r'decimal is "," or "."'),
        (f'["{SUBS}"]\ntable = ""\ndayfirst = true', "stands above all files"),
        ("decimal = 3", r'decimal is "," or "."'),
        ('dayfirst = "yes"', "dayfirst is True, False or None"),
        ('encoding = "latin"', "encoding is utf-8"),
    ],
    ids=[
        "kind",
        "field",
        "column",
        "twice",
        "lacks",
        "both",
        "number",
        "own",
        "place",
        "decimal",
        "day",
        "code",
    ],
)
def test_a_kind_or_a_way_to_read_that_does_not_exist_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    folder(tmp_path, subs=DASHBOARD)
    (tmp_path / "mapping.toml").write_text(text)
    with pytest.raises(DataError, match=words):
        sm.importers.import_folder(tmp_path)


def test_what_a_mapping_says_of_signs_and_dates_holds_for_every_reader(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(COMMAS)
    for told in ('decimal = ","\n', "dayfirst = true\n"):
        with pytest.raises(DataError):
            sm.read(tmp_path)
        with (tmp_path / "mapping.toml").open("a") as mapping:
            mapping.write(told)
    invoices = sm.importers.import_folder(tmp_path).tables["invoices"]
    assert invoices["amount"].tolist() == [1200.0, 2400.0]
    assert [f"{day:%d.%m.%Y}" for day in invoices["date"]] == ["03.04.2026", "04.04.2026"]
    book = sm.read(tmp_path, as_of="2026-04-30")
    assert sm.revenue.mrr(book).df["value"].tolist() == [3600.0]
    # 3 April and 4 March are told apart by who asks, before the mapping.
    other = sm.importers.import_folder(tmp_path, dayfirst=False).tables["invoices"]
    assert f"{other['date'][0]:%d.%m.%Y}" == "04.03.2026"


def test_an_export_may_have_its_own_signs_and_order_of_dates(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD)  # 50.00, which a comma for all would refuse
    alone = sm.importers.import_folder(tmp_path).tables["subscriptions"]
    (tmp_path / "list.csv").write_text(COMMAS.replace("Customer", "Customer ID"))
    own = 'export = "invoice_list: invoices"\ndayfirst = true\ndecimal = ","'
    (tmp_path / "mapping.toml").write_text(f'["list.csv"]\n{own}\n')
    found = sm.importers.import_folder(tmp_path).tables
    assert found["subscriptions"].equals(alone)
    assert found["invoices"]["amount"].tolist() == [1200.0, 2400.0]
    assert f"{found['invoices']['date'][0]:%d.%m.%Y}" == "03.04.2026"


def test_two_exports_of_a_system_that_are_told_apart_are_refused(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD, people="id|Email\ncus_1|a@x.com")
    kinds = (("subs", "dashboard subscriptions", "."), ("people", "customers", ","))
    parts = (
        f'["{file}.csv"]\nexport = "stripe: {kind}"\ndecimal = "{sign}"'
        for file, kind, sign in kinds
    )
    (tmp_path / "mapping.toml").write_text("\n".join(parts))
    with pytest.raises(
        DataError, match=r"decimal of subs\.csv is '\.' and of people\.csv ','|people"
    ):
        sm.importers.import_folder(tmp_path)


def test_an_amount_of_a_mapped_file_that_may_be_a_thousand_times_as_much_is_refused(
    tmp_path: Path,
) -> None:
    spending = "Monat;Bereich;Betrag\n2026-01;sales;1.200"
    folder(tmp_path, subs=DASHBOARD)
    (tmp_path / "kosten.csv").write_text(spending)
    (tmp_path / "mapping.toml").write_text(FILLED)
    with pytest.raises(DataError, match=r"kosten\.csv, column 'Betrag', row 2"):
        sm.read(tmp_path)
    own = FILLED.replace('"spend"', '"spend"\ndecimal = ","')
    (tmp_path / "mapping.toml").write_text(own)
    assert sm.read(tmp_path, as_of="2026-05-31").frame("spend")["amount"].tolist() == [1200.0]


def test_the_command_is_told_what_read_is_told_and_keeps_it_in_the_mapping(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.csv").write_text(COMMAS)
    assert main(["import", str(tmp_path), "--decimal", ","]) == USAGE
    assert main(["import", str(tmp_path), "--decimal", ",", "--monthfirst"]) == DONE
    assert f"{tmp_path / 'mapping.toml'} keeps how the files are read" in capsys.readouterr().out
    kept = (tmp_path / "mapping.toml").read_text()
    assert 'decimal = ","' in kept
    assert "dayfirst = false" in kept
    assert 'export = "invoice_list: invoices"' in kept
    assert main(["import", str(tmp_path)]) == DONE
    assert main(["import", str(tmp_path), "--dayfirst"]) == DONE
    assert "not kept: write dayfirst = true at the top of" in capsys.readouterr().out
    days = sm.read(tmp_path, as_of="2026-12-31").frame("invoices")["date"]
    assert [f"{day:%d.%m}" for day in days] == ["04.03", "04.04"]


def test_a_mapping_to_fill_in_says_what_is_recognized_too(tmp_path: Path) -> None:
    found = sm.importers.import_folder(folder(tmp_path, subs=DASHBOARD, kosten=SPENDING))
    text = found.write_mapping(tmp_path).read_text()
    assert f'["{SUBS}"]\nexport = "stripe: dashboard subscriptions"' in text
    assert sm.read(tmp_path, as_of="2026-05-31").tables["subscriptions"].num_rows == 3


@pytest.mark.parametrize(
    "cube", ["customer_id|month|mrr\na|2026-01|5", "Kunde|2026-01\na|5"], ids=["long", "wide"]
)
def test_a_mapping_to_fill_in_keeps_tables_that_go_by_their_names(
    tmp_path: Path, cube: str
) -> None:
    folder(tmp_path, mrr=cube, farben="a|b\n1|2")
    assert main(["import", str(tmp_path)]) == USAGE
    assert sm.read(tmp_path, as_of="2026-01-31").frame("mrr")["mrr"].tolist() == [5.0]
