"""What tab completion offers in a line of %saas, and inside the quotes of a call."""

from __future__ import annotations

import warnings

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import saasmetrics as sm
from saasmetrics_widgets.asking import names
from saasmetrics_widgets.matching import of_cell, place


@pytest.fixture(scope="module")
def variables() -> dict[str, object]:
    return {"sm": sm, "book": sm.demo(customers=60), "retention": sm.retention, "Policy": sm.Policy}


def offered(code: str, variables: dict[str, object]) -> list[str]:
    """What is offered at the end of a cell."""
    lines = code.split("\n")
    return of_cell(code, len(lines) - 1, len(lines[-1]), variables).fitting


@pytest.mark.parametrize(
    ("code", "some"),
    [
        ("%saas nr", ["nrr"]),
        ("x = %saas nr", ["nrr"]),
        ("%saas ret", ["retention"]),
        ("%saas forecast.", ["forecast.mrr", "forecast.nrr"]),
        ("%saas nrr ", ["--window", "--by", "--policy", "--book", "--out"]),
        ("%saas nrr --wi", ["--window"]),
        ("%saas nrr --policy str", ["stripe"]),
        ("%saas nrr --by ", ["segment", "channel", "arr_band"]),
        ("%saas nrr --by=seg", ["segment"]),
        ("%saas nrr --by segment,cha", ["channel"]),
        ("%saas nrr --freq ", ["M", "Q", "Y"]),
        ("%saas nrr --book ", ["book"]),
        ("%saas cohorts --measure ", ["logos", "net", "gross", "mrr"]),
        ("%saas movements --subtypes ", ["true", "false"]),
        ("%saas ltv --method ", ["survival"]),
        ("%saas drivers --metric n", ["nrr"]),
        ("%%saas --po", ["--policy"]),
        ("%%saas ", ["--policy", "--book", "--out"]),
        ("%%saas --policy bess", ["bessemer"]),
        ("%%saas\nnr", ["nrr"]),
        ("%%saas\nmine = nrr --by seg", ["segment"]),
        ('sm.retention.nrr(book, by="', ["segment", "channel"]),
        ('sm.retention.nrr(\n    book,\n    by=["segment", "cha', ["channel"]),
        ('retention.nrr(book, freq="', ["Q"]),
        ('sm.retention.cohorts(book, "', ["logos", "net"]),
        ('book.with_policy("', ["stripe", "default"]),
        ('book.with_policy(view="', ["event", "snapshot"]),
        ("book.with_policy(gap", ["gap_days="]),
        ("book.where(", ["segment=", "channel="]),
        ("book.where(seg", ["segment="]),
        ('book.where(segment="', ["SMB"]),
        ('book.where(segment=["SMB", "Ent', ["Enterprise"]),
        ('sm.definitions.compare(book, "', ["nrr", "grr"]),
        ('sm.definitions.compare(book, "nrr", ["default", "str', ["stripe"]),
        ('sm.definitions.explain(book, "nrr", "default", "', ["stripe"]),
        ('sm.read("exports/", policy="', ["stripe"]),
        ("sm.Book(mrr=df, policy='", ["stripe"]),
        ('Policy.named("', ["stripe"]),
        ('sm.Policy.named("', ["stripe"]),
    ],
)
def test_it_offers_what_fits(code: str, some: list[str], variables: dict[str, object]) -> None:
    assert set(some) <= set(offered(code, variables))


@pytest.mark.parametrize(
    "code",
    [
        'other.where(segment="',
        "print(",
        'open("',
        'sm.retention.nrr(book, by="segment")',
        "# sm.retention.nrr(book, by='",
        'unknown.nrr(book, by="',
        "%saas retention ",
        "%saas nrrr --by ",
        'book.where(nothing="',
        "",
    ],
)
def test_it_offers_nothing_where_it_knows_nothing(code: str, variables: dict[str, object]) -> None:
    assert offered(code, variables) == []


def test_an_option_that_is_given_is_not_offered_again(variables: dict[str, object]) -> None:
    assert "--window" not in offered("%saas nrr --window 3 ", variables)


def test_of_several_books_the_named_one_gives_the_columns(variables: dict[str, object]) -> None:
    rows = {"customer_id": ["a", "b"], "month": ["2026-01"] * 2, "mrr": [1, 2], "tier": ["x", "y"]}
    two = {**variables, "mine": sm.Book(mrr=rows)}
    assert offered("%saas nrr --by ", two) == []
    assert offered("%saas nrr --book mine --by ", two) == ["tier", "arr_band"]


def test_a_book_that_cannot_be_counted_offers_no_columns(variables: dict[str, object]) -> None:
    twice = {"customer_id": ["a", "a"], "month": ["2026-01"] * 2, "mrr": [1, 2]}
    shell = _shell({**variables, "book": sm.Book(mrr=twice)})
    assert "segment" not in _completed(shell, '%saas nrr --by "')


@pytest.mark.parametrize(
    ("code", "callee", "keyword", "number", "begun"),
    [
        ('f("a, (b", x="c', "f", "x", 1, "c"),
        ("f('''a\n", "f", "", 0, "a\n"),
        ('f(g(1, 2), "', "f", "", 1, ""),
        ('f(r"a', "f", "", 0, "a"),
        ('f("it\\"s', "f", "", 0, 'it\\"s'),
        ('f(a == "b', "f", "", 0, "b"),
        ("f(1, # g(\n 'x", "f", "", 1, "x"),
    ],
)
def test_the_place_in_a_call_is_found_through_texts_and_comments(
    code: str, callee: str, keyword: str, number: int, begun: str
) -> None:
    found = place(code)
    assert found is not None
    assert (found.callee, found.keyword, found.number, found.begun) == (
        callee,
        keyword,
        number,
        begun,
    )


def test_every_metric_that_can_be_asked_is_offered(variables: dict[str, object]) -> None:
    assert set(names()) <= set(offered("%saas ", variables))


def _shell(variables: dict[str, object]) -> InteractiveShell:
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.user_ns |= variables
    shell.run_line_magic("load_ext", "saasmetrics")
    return shell


def _completed(shell: InteractiveShell, code: str) -> list[str]:
    """What the completer of IPython makes of it, as whole lines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # completions are provisional in IPython
        found = list(shell.Completer.completions(code, len(code)))
    return [code[: one.start] + one.text + code[one.end :] for one in found]


def test_ipython_puts_it_where_it_belongs(variables: dict[str, object]) -> None:
    shell = _shell(variables)
    assert "%saas nrr --policy stripe" in _completed(shell, "%saas nrr --policy st")
    assert "%saas nrr --window" in _completed(shell, "%saas nrr --wi")
    assert 'sm.retention.nrr(book, by="segment' in _completed(
        shell, 'sm.retention.nrr(book, by="seg'
    )
    assert 'book.where(segment="Mid-Market' in _completed(shell, 'book.where(segment="Mid-')
    assert "book.where(segment=" in _completed(shell, "book.where(")
