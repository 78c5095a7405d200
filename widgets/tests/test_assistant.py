"""The assistant of imports: what is said in it is what `saasmetrics import` reads from the same files."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics import sample
from saasmetrics.importers import files
from saasmetrics_widgets import ImportAssistant
from tests.importers.exports import folder
from tests.importers.test_mapping import COMMAS, FILLED, SPENDING
from tests.importers.test_stripe import DASHBOARD
from tests.importers.test_support_systems import EXPORT

FIELDS = {"monat": "month", "bereich": "function", "betrag": "amount"}
HOSTILE = "kunde|start|betrag\n<script>alert(1)</script>|=cmd|' /C calc'!A0"


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    place = tmp_path / "exports"
    place.mkdir()
    return folder(place, subs=DASHBOARD, tickets=EXPORT, kosten=SPENDING)


@pytest.fixture
def assistant(exports: Path) -> ImportAssistant:
    return ImportAssistant(exports, as_of="2026-05-31")


def ask(assistant: ImportAssistant, ask: str, **more: object) -> str:
    """Ask as the browser does, and return the error that is shown."""
    assistant._answer(assistant, {"ask": ask, **more}, [])
    return assistant.view["error"]


def said(file: Path) -> dict:
    return tomllib.loads(file.read_text("utf-8"))


def told(assistant: ImportAssistant) -> dict[str, str]:
    return {file["id"]: file["marks"][0]["words"] for file in assistant.view["files"]}


def columns(assistant: ImportAssistant) -> dict[str, dict]:
    return {column["name"]: column for column in assistant.view["file"]["columns"]}


def test_each_file_says_what_it_is_and_the_unknown_one_is_shown_first(assistant) -> None:
    assert told(assistant) == {
        "kosten.csv": "not recognized",
        "subs.csv": "Stripe: dashboard subscriptions",
        "tickets.csv": "Zendesk: export",
    }
    assert assistant.view["file"]["heading"] == "kosten.csv"
    assert columns(assistant)["Betrag"]["values"] == "100, 50"


def test_columns_of_a_known_file_say_what_they_become(assistant) -> None:
    ask(assistant, "show", file="subs.csv")
    became = {name: column["became"] for name, column in columns(assistant).items()}
    assert became["Customer ID"] == "customer_id"
    assert became["Quantity"] == "quantity"


def test_what_is_said_of_an_unknown_file_is_read_at_once(assistant) -> None:
    assert "Without spend: no CAC, LTV:CAC and payback" in assistant.view["needs"]
    ask(assistant, "table", file="kosten.csv", table="spend")
    assert assistant.view["file"]["needed"] == "Needed still: month, function, amount."
    assert [row["cells"][0] for row in assistant.view["findings"]["rows"]][:1] == ["error"]
    for column, field in FIELDS.items():
        ask(assistant, "column", file="kosten.csv", column=column, field=field)
    assert assistant.view["file"]["needed"] == ""
    assert assistant.book.frame("spend")["amount"].tolist() == [100.0, 50.0]
    assert not any("CAC" in line for line in assistant.view["needs"])
    assert told(assistant)["kosten.csv"] == "spend, as you say"


def test_the_findings_are_those_of_the_gate_with_its_columns(assistant) -> None:
    df = assistant.book.check().df
    shown = assistant.view["findings"]
    assert shown["columns"] == [name for name in df.columns if name not in ("code", "examples")]
    assert [row["cells"][3] for row in shown["rows"]] == df["finding"].tolist()


def test_what_is_saved_is_what_the_command_reads(assistant, exports: Path, tmp_path: Path) -> None:
    assistant.say("kosten.csv", "spend", FIELDS)
    files = assistant.save(tmp_path / "tables")
    assert said(exports / "mapping.toml") == tomllib.loads(FILLED)
    command = tmp_path / "command"
    sm.importers.import_folder(exports).write(command)
    assert {file.name for file in files} == {*(f.name for f in command.iterdir()), "mapping.toml"}
    for file in command.iterdir():
        pd.testing.assert_frame_equal(
            pd.read_parquet(file), pd.read_parquet(tmp_path / "tables" / file.name)
        )
    again = sm.read(tmp_path / "tables", as_of="2026-05-31")
    assert sm.revenue.mrr(again).value == sm.revenue.mrr(assistant.book).value


def test_a_mapping_that_is_there_is_where_it_starts(exports: Path) -> None:
    (exports / "mapping.toml").write_text(FILLED)
    found = ImportAssistant(exports)
    assert found.mapping == {"kosten.csv": {"table": "spend", "columns": FIELDS}}
    found.say("kosten.csv", "")
    assert "spend" not in found.tables
    assert (exports / "mapping.toml").read_text() == FILLED


def test_nothing_is_written_over_unless_somebody_says_so(
    assistant, exports, tmp_path: Path
) -> None:
    assistant.say("kosten.csv", "spend", FIELDS)
    mine = exports / "mapping.toml"
    mine.write_text("# mine\n")
    ask(assistant, "save", to=str(tmp_path / "tables"))
    confirm = assistant.view["confirm"]
    assert confirm["words"] == "mapping.toml is there already."
    assert not (tmp_path / "tables").exists()
    assert mine.read_text() == "# mine\n"
    assistant._answer(assistant, confirm["ask"], [])
    assert said(mine) == tomllib.loads(FILLED)


def test_tables_are_not_written_among_the_exports(assistant, exports: Path) -> None:
    assert "among the exports" in ask(assistant, "save", to=str(exports))


def test_files_whose_names_say_what_they_are_need_nothing_said(tmp_path: Path) -> None:
    sample.write(tmp_path / "demo", 40, 7)
    found = ImportAssistant(tmp_path / "demo")
    assert told(found)["subscriptions.csv"] == "subscriptions, by its name"
    assert found.mapping == {}
    assert found.book.data_hash == sm.read(tmp_path / "demo").data_hash


def test_a_folder_of_strangers_says_so_and_asks_what_they_are(tmp_path: Path) -> None:
    found = ImportAssistant(folder(tmp_path, geld=SPENDING))
    assert "geld.csv" in told(found)
    assert found.view["error"]
    assert found.view["can"] == [False, False]
    with pytest.raises(sm.DataError):
        _ = found.book
    found.say("geld.csv", "spend", FIELDS)
    assert list(found.tables) == ["spend"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"file": "nowhere.csv", "table": "spend"}, "nowhere.csv"),
        ({"file": "kosten.csv", "table": "spendings"}, "Did you mean 'spend'"),
    ],
    ids=["file", "table"],
)
def test_what_is_not_there_is_refused_and_changes_nothing(assistant, more, words: str) -> None:
    assert words in ask(assistant, "table", **more)
    assert assistant.mapping == {}


def test_two_columns_are_not_one_field(assistant) -> None:
    assistant.say("kosten.csv", "spend", FIELDS)
    assert "cannot both be month" in ask(
        assistant, "column", file="kosten.csv", column="betrag", field="month"
    )
    assert assistant.mapping["kosten.csv"]["columns"] == FIELDS


def test_names_that_are_markup_or_formulas_stay_text(tmp_path: Path) -> None:
    found = ImportAssistant(folder(tmp_path, x=HOSTILE))
    assert columns(found)["kunde"]["values"] == "<script>alert(1)</script>"
    assert "<script>" not in found._picture("x")["text/html"]


def test_one_file_alone_is_read_and_has_no_mapping_beside_it(exports: Path, tmp_path: Path) -> None:
    found = ImportAssistant(exports / "kosten.csv")
    found.say("kosten.csv", "spend", FIELDS)
    assert [file.name for file in found.save(tmp_path / "tables")] == ["spend.parquet"]


def test_a_file_that_cannot_be_read_is_marked_and_the_others_are_shown(tmp_path: Path) -> None:
    (tmp_path / "kosten.csv").write_text("Monat,Betrag\n2026-01,100\n")
    (tmp_path / "broken.xlsx").write_bytes(b"this is no workbook")
    view = ImportAssistant(tmp_path).view
    marks = {file["name"]: file["marks"][0]["words"] for file in view["files"]}
    assert marks == {"broken.xlsx": "cannot be read", "kosten.csv": "not recognized"}
    assert view["file"]["heading"] == "broken.xlsx"
    assert "broken.xlsx" in view["file"]["note"]
    assert "broken.xlsx" in view["error"]


# Which kind of export a file is, and how files are read

RENAMED = DASHBOARD.replace("Customer ID", "Kunde")
KIND = "stripe: dashboard subscriptions"


def options(assistant: ImportAssistant) -> dict[str, str]:
    return dict(assistant.view["file"]["table"]["options"])


def test_a_file_can_be_said_to_be_an_export_whose_columns_are_called_otherwise(
    tmp_path: Path,
) -> None:
    found = ImportAssistant(folder(tmp_path, subs=RENAMED), as_of="2026-05-31")
    assert options(found)[KIND] == "Stripe: dashboard subscriptions"
    ask(found, "table", file="subs.csv", table=KIND)
    assert found.view["file"]["needed"] == "Needed still: customer_id."
    assert "has no column customer_id" in found.view["error"]
    ask(found, "column", file="subs.csv", column="kunde", field="customer_id")
    assert found.view["file"]["needed"] == found.view["error"] == ""
    assert told(found) == {"subs.csv": "Stripe: dashboard subscriptions, as you say"}
    assert found.book.tables["subscriptions"].num_rows == 3
    found.save(tmp_path / "tables")
    assert said(tmp_path / "mapping.toml") == {
        "subs.csv": {"export": KIND, "columns": {"kunde": "customer_id"}}
    }


def test_a_file_that_is_recognized_can_be_left_out_or_be_something_else(assistant) -> None:
    ask(assistant, "show", file="subs.csv")
    assert options(assistant)["leave out"] == "Leave it out"
    ask(assistant, "table", file="subs.csv", table="leave out")
    assert told(assistant)["subs.csv"] == "left out, as you say"
    assert "subscriptions" not in assistant.tables
    ask(assistant, "table", file="subs.csv", table="")
    assert told(assistant)["subs.csv"] == "Stripe: dashboard subscriptions"


def test_signs_and_dates_are_told_as_the_command_is_told_them_and_kept(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(COMMAS)
    found = ImportAssistant(tmp_path, as_of="2026-04-30")
    assert "1.200 may be 1200 or 1.2" in found.view["error"]
    assert [way["value"] for way in found.view["ways"]] == ["", "", ""]
    ask(found, "way", way="decimal", value=",")
    ask(found, "way", way="dayfirst", value="day")
    assert found.told == {"dayfirst": True, "decimal": ","}
    assert sm.revenue.mrr(found.book).df["value"].tolist() == [3600.0]
    found.save(tmp_path / "tables")
    assert said(tmp_path / "mapping.toml") == {"dayfirst": True, "decimal": ","}
    assert ImportAssistant(tmp_path).told == found.told
    ask(found, "way", way="decimal", value="")
    assert found.told == {"dayfirst": True}
    assert "way to read" in ask(found, "way", way="sign", value=",")


def test_text_is_read_again_in_the_encoding_that_is_told(tmp_path: Path) -> None:
    text = "Monat,Bereich,Betrag\n2026-01,Müller,1\n2026-01,ﾂﾃﾄ,2\n"
    (tmp_path / "kosten.csv").write_bytes(text.encode("cp932", "replace"))
    found = ImportAssistant(tmp_path, encoding="shift-jis")
    assert "ﾂﾃﾄ" in columns(found)["Bereich"]["values"]
    ask(found, "way", way="encoding", value="cp1252")
    assert "ÂÃÄ" in columns(found)["Bereich"]["values"]


def test_a_choice_reads_no_file_again_that_has_not_changed(assistant, exports, monkeypatch) -> None:
    read: list[str] = []
    real = files._parts
    assistant._once._known.clear()

    def parts(file: Path, code: str | None) -> list[files.File]:
        read.append(file.name)
        return real(file, code)

    monkeypatch.setattr(files, "_parts", parts)
    assistant.say("kosten.csv", "spend", FIELDS)
    assert sorted(read) == ["kosten.csv", "subs.csv", "tickets.csv"]
    assistant.say("kosten.csv", "")
    assert len(read) == 3
    (exports / "kosten.csv").write_text("Monat,Bereich,Betrag\n2026-01,sales,7\n")
    assistant.say("kosten.csv", "spend", FIELDS)
    assert read[3:] == ["kosten.csv"]
    assert assistant.tables["spend"]["amount"].tolist() == ["7"]


def test_a_sheet_with_titles_is_recognized_though_it_is_no_plain_table(tmp_path: Path) -> None:
    rows = "ACME GmbH\nMRR by customer\n\nCustomer,2026-01,2026-02\nAda,5,6\nTotal,5,6\n"
    (tmp_path / "cube.csv").write_text(rows)
    found = ImportAssistant(tmp_path, as_of="2026-02-28")
    assert told(found) == {"cube.csv": "Customer cube: sheet"}
    assert found.view["error"] == found.view["file"]["note"] == ""
