"""Text files say by a mark what they are, are UTF-8, or are told apart safely; what could be two things is refused."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError
from saasmetrics.tables import read_folder
from saasmetrics.tables.encodings import encoding_of
from saasmetrics.tables.told import Told

ROWS = "Kunde,month,mrr\n{},2026-01,10\n"


TOLD = Told(columns={"mrr": {"Kunde": "customer_id"}})


def names_of(folder: Path, content: bytes, **told: str) -> list[str]:
    (folder / "mrr.csv").write_bytes(content)
    book = sm.read(folder, columns={"mrr": {"Kunde": "customer_id"}}, **told)
    return [str(name) for name in book.frame("mrr")["customer_id"]]


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-8"),
    ],
)
def test_a_mark_says_what_the_bytes_are(tmp_path: Path, mark: bytes, code: str) -> None:
    assert names_of(tmp_path, mark + ROWS.format("Müller 東京").encode(code)) == ["Müller 東京"]


def test_utf_16_that_is_told_but_has_no_mark_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mrr\.csv is not utf-16.*Save it as CSV UTF-8"):
        names_of(tmp_path, ROWS.format("a").encode("utf-16-le"), encoding="utf-16")


WESTERN = ["Müller GmbH", "Société Générale", "Peña y Ñandú ¿qué?", "Åkerström", "São João ações", "Hämeenlinna",
           "œuvre créée", "it’s “x” – y", "5 m² ½ €", "Straße\u00a012"]  # fmt: skip
JAPANESE = ["株式会社東京", "アカウント", "顧客ID ｱｶｳﾝﾄ アカ", "ありがとう（株）"]


@pytest.mark.parametrize("name", WESTERN)
def test_western_europe_is_recognized_without_a_mark_and_said(tmp_path: Path, name: str) -> None:
    assert names_of(tmp_path, ROWS.format(name).encode("cp1252")) == [name]
    notes = " ".join(read_folder(tmp_path, told=TOLD)["mrr"].notes)
    assert "read as Windows-1252, of western Europe, as the file is not UTF-8" in notes


@pytest.mark.parametrize("name", JAPANESE)
def test_shift_jis_is_recognized_without_a_mark_and_said(tmp_path: Path, name: str) -> None:
    assert names_of(tmp_path, ROWS.format(name).encode("cp932")) == [name]
    assert "Shift-JIS" in " ".join(read_folder(tmp_path, told=TOLD)["mrr"].notes)


OTHERS = [("Москва", "cp1251"), ("Łódź Wałęsa", "cp1250"), ("Αθήνα", "cp1253"), ("北京公司", "gbk"),
          ("東京アカウント", "euc-jp"), ("Müller", "mac-roman"), ("台北公司", "big5"), ("서울", "cp949")]  # fmt: skip


@pytest.mark.parametrize(("name", "code"), OTHERS)
def test_other_encodings_are_refused_and_not_guessed(tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(
        DataError, match=r"mrr\.csv is not UTF-8, and .*Save it as CSV UTF-8, or say"
    ):
        names_of(tmp_path, ROWS.format(name).encode(code))


def test_what_can_be_two_things_is_refused_until_it_is_told(tmp_path: Path) -> None:
    both = ROWS.format("äñ").encode("cp1252")  # E4 F1 is a character of Shift-JIS as well
    with pytest.raises(DataError, match="can be Windows-1252 as well as Shift-JIS"):
        names_of(tmp_path, both)
    assert names_of(tmp_path, both, encoding="cp1252") == ["äñ"]
    assert names_of(tmp_path, both, encoding="Shift_JIS") == [both.decode("cp932").split()[1][0]]


def test_an_encoding_that_the_file_contradicts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not utf-8, as it says"):
        names_of(tmp_path, ROWS.format("Müller").encode("cp1252"), encoding="utf-8")
    with pytest.raises(DataError, match="is not utf-16, as it says"):
        names_of(tmp_path, codecs.BOM_UTF16_LE + b"abc")
    with pytest.raises(DataError, match="encoding is utf-8, utf-16, cp1252, shift-jis or None"):
        names_of(tmp_path, b"", encoding="klingon")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ROWS.format("a").encode("utf-16-le"), "zero bytes|is empty|no table|must be the header"),
        (codecs.BOM_UTF32_LE + ROWS.encode("utf-32-le"), "is UTF-32"),
    ],
)
def test_wide_characters_without_a_mark_are_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        names_of(tmp_path, content)


def test_letters_late_in_a_long_file_count_as_well(tmp_path: Path) -> None:
    long = ROWS.format("a") + "b,2026-01,1\n" * 200_000 + "Zoë,2026-01,1\n"
    (tmp_path / "long.csv").write_bytes(long.encode("cp1252"))
    assert encoding_of(tmp_path / "long.csv").name == "cp1252"


def test_a_packed_file_is_told_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "mrr.csv.gz").write_bytes(
        gzip.compress("customer_id,month,mrr\nZoë,2026-01,10\n".encode("cp1252"))
    )
    assert sm.read(tmp_path).frame("mrr")["customer_id"].tolist() == ["Zoë"]


@pytest.mark.parametrize("code", ["utf-16", "cp1252"])
def test_semicolons_decimal_commas_and_an_encoding_come_together(tmp_path: Path, code: str) -> None:
    text = "Kunde;month;mrr\nMüller;2026-01;1.234,50\nZoë;2026-01;1.200\n"
    (tmp_path / "mrr.csv").write_bytes(text.encode(code))
    book = sm.read(tmp_path, columns={"mrr": {"Kunde": "customer_id"}})
    assert book.frame("mrr")["mrr"].tolist() == [1234.5, 1200.0]
