"""What a reader says of its files: the order of dates, the decimal sign, the names of columns."""

from __future__ import annotations

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, InvalidTablesError, UnknownNameError

HEAD = "subscription_id,customer_id,start,amount,interval\n"


@pytest.fixture
def folder(tmp_path):
    def write(text, name="subscriptions.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path

    return write


def rows(book, *columns):
    return [
        tuple(row.values()) for row in book.tables["subscriptions"].data.select(columns).to_pylist()
    ]


def starts(book):
    return [day.isoformat() for (day,) in rows(book, "start")]


def test_dates_that_can_be_either_are_refused_with_the_word_that_decides(folder):
    with pytest.raises(InvalidTablesError, match=r"sm\.read\(\.\.\., dayfirst=True\)"):
        sm.read(folder(HEAD + "s1,a,03/04/2025,10,month\n"))


@pytest.mark.parametrize(
    ("dayfirst", "given", "day"),
    [
        (True, "03/04/2025", "2025-04-03"),
        (False, "03/04/2025", "2025-03-04"),
        (True, "3.4.2025", "2025-04-03"),
        (False, "3/14/2025", "2025-03-14"),
        (True, "03/04/2025 10:30", "2025-04-03"),
        (True, "2025-03-04", "2025-03-04"),
    ],
)
def test_dates_are_read_in_the_order_told(folder, dayfirst, given, day):
    book = sm.read(folder(HEAD + f"s1,a,{given},10,month\n"), dayfirst=dayfirst)
    assert starts(book) == [day]


def test_a_date_that_contradicts_the_order_told_is_refused(folder):
    with pytest.raises(InvalidTablesError, match="contradict dayfirst=True") as caught:
        sm.read(folder(HEAD + "s1,a,03/14/2025,10,month\n"), dayfirst=True)
    assert caught.value.problems[0].examples == ({"start": "03/14/2025"},)


def test_amounts_that_can_be_either_are_refused_with_the_word_that_decides(folder):
    text = (HEAD + "s1,a,2025-01-01,1.200,month\n").replace(",", ";")
    with pytest.raises(InvalidTablesError, match=r'sm\.read\(\.\.\., decimal=","\)'):
        sm.read(folder(text))


@pytest.mark.parametrize(
    ("decimal", "given", "amount"),
    [
        (",", "1.200", 1200.0),
        (".", "1.200", 1.2),
        (",", "1.234,50", 1234.5),
        (",", "-5,5", -5.5),
        (",", "(1 200,25 €)", -1200.25),
        (",", "1200", 1200.0),
        (".", "1,234.50", 1234.5),
    ],
)
def test_amounts_are_read_with_the_decimal_sign_told(folder, decimal, given, amount):
    text = HEAD.replace(",", ";") + f"s1;a;2025-01-01;{given};month\n"
    book = sm.read(folder(text), decimal=decimal)
    assert rows(book, "amount") == [(amount,)]


@pytest.mark.parametrize("given", ["1.5", "1,200.50"])
def test_an_amount_that_contradicts_the_decimal_comma_is_refused(folder, given):
    text = HEAD.replace(",", ";") + f"s1;a;2025-01-01;{given};month\n"
    with pytest.raises(InvalidTablesError, match='contradict decimal=","'):
        sm.read(folder(text), decimal=",")


def test_other_columns_of_numbers_get_the_decimal_point_too(folder):
    text = HEAD.replace(",", ";").rstrip() + ";score\ns1;a;2025-01-01;10;month;1,5\n"
    assert rows(sm.read(folder(text), decimal=","), "score") == [(1.5,)]


def test_columns_have_the_names_told(folder):
    text = HEAD.replace("start", "Begun") + "s1,a,2025-03-04,10,month\n"
    with pytest.raises(InvalidTablesError, match=r'columns=\{"subscriptions": \{'):
        sm.read(folder(text))
    book = sm.read(folder(text), columns={"subscriptions": {"Begun": "start"}})
    assert starts(book) == ["2025-03-04"]
    assert "Begun is start, as told" in book.tables["subscriptions"].notes


@pytest.mark.parametrize(
    ("told", "error", "words"),
    [
        ({"columns": {"subscription": {"Begun": "start"}}}, UnknownNameError, "Did you mean"),
        ({"columns": {"mrr": {"Begun": "month"}}}, DataError, "not there"),
        (
            {"columns": {"subscriptions": {"strat": "start"}}},
            UnknownNameError,
            "Did you mean 'start'",
        ),
        ({"columns": {"Begun": "start"}}, DataError, "per table"),
        ({"decimal": ";"}, DataError, "decimal is"),
        ({"dayfirst": "yes"}, DataError, "dayfirst is"),
    ],
)
def test_words_that_make_no_sense_are_refused(folder, told, error, words):
    with pytest.raises(error, match=words):
        sm.read(folder(HEAD + "s1,a,2025-03-04,10,month\n"), **told)


def test_snapshots_are_read_as_told(folder):
    place = folder(HEAD + "s1,a,03/04/2025,10,month\n")
    assert starts(sm.read_snapshots({"2025-06-01": place}, dayfirst=True)) == ["2025-04-03"]


def test_a_file_of_another_name_is_told_what_is_enough(folder):
    with pytest.raises(DataError, match=r"subscriptions\.csv, or .*sm\.Book\(subscriptions=df\)"):
        sm.read(folder(HEAD, "stripe_export_2025.csv"))
