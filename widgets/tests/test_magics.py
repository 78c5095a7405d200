"""%saas and %%saas in an IPython shell: what is asked, what is answered, what is said where it cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import saasmetrics as sm
from saasmetrics_widgets.answers import Answers
from saasmetrics_widgets.asking import Question, named, names, topics


@pytest.fixture(scope="module")
def book() -> sm.Book:
    return sm.demo(customers=60)


@pytest.fixture(scope="module")
def _shell() -> InteractiveShell:
    return InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))


@pytest.fixture
def shell(_shell: InteractiveShell, book: sm.Book) -> Iterator[InteractiveShell]:
    """A shell that has loaded the extension and holds one book."""
    _shell.user_ns |= {"sm": sm, "book": book}
    before = set(_shell.user_ns)
    _shell.run_line_magic("load_ext", "saasmetrics")
    yield _shell
    _shell.run_line_magic("unload_ext", "saasmetrics")
    for name in _shell.user_ns.keys() - before:
        del _shell.user_ns[name]


def ask(shell: InteractiveShell, code: str) -> Any:
    return shell.run_cell(code).result


def said(shell: InteractiveShell, code: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What is shown of an error."""
    capsys.readouterr()
    failed = shell.run_cell(code)
    assert isinstance(failed.error_in_exec, sm.DataError)
    return "".join(capsys.readouterr()).strip()


def test_a_line_computes_a_metric_of_the_book_of_the_notebook(shell, book) -> None:
    found = ask(shell, "%saas nrr --window 3 --by segment --freq Q")
    same = sm.retention.nrr(book, 3, "segment", "Q")
    pd.testing.assert_frame_equal(found.df, same.df)
    assert found.code() == 'sm.retention.nrr(book, window=3, by="segment", freq="Q")'


def test_a_line_takes_a_policy_and_keeps_its_result(shell, book) -> None:
    found = ask(shell, "%saas nrr --policy stripe --out theirs")
    assert shell.user_ns["theirs"] is found
    assert found.context.policy.name == "stripe"
    assert "theirs" in shell.user_ns
    assert book.policy.name == "default"


def test_a_result_can_be_assigned_like_that_of_any_magic(shell) -> None:
    ask(shell, "mine = %saas mrr")
    assert shell.user_ns["mine"].definition.id == "mrr"


def test_a_cell_computes_several_results_that_are_shown_together(shell) -> None:
    found = ask(shell, "%%saas --policy stripe\n# two\nnrr --window 3\n\nlost = net_churn\n")
    assert isinstance(found, Answers)
    assert list(found) == ["nrr --window 3", "lost"]
    assert shell.user_ns["lost"] is found["lost"]
    assert {one.context.policy.name for one in found.values()} == {"stripe"}
    assert found._repr_html_().count("saasmetrics-result") >= 2
    assert "Net revenue retention" in repr(found)


def test_a_cell_that_fails_keeps_nothing_and_names_its_line(shell, capsys) -> None:
    words = said(shell, "%%saas\nfirst = mrr\nnrrr\n", capsys)
    assert "Line 2: There is no metric called 'nrrr'" in words
    assert "Did you mean 'nrr'?" in words
    assert "first" not in shell.user_ns


def test_alone_it_lists_the_topics_and_a_topic_its_metrics(shell) -> None:
    topics_shown = repr(ask(shell, "%saas"))
    assert all(topic in topics_shown for topic in topics())
    retention = ask(shell, "%saas retention")
    assert "retention.nrr" in repr(retention)
    assert "<code>retention.nrr</code>" in retention._repr_html_()


def test_a_question_mark_shows_the_definition_and_the_options(shell) -> None:
    words = repr(ask(shell, "%saas nrr?"))
    assert words.startswith("Net revenue retention (NRR)")
    assert sm.CATALOGUE["nrr"].meaning in words
    for option in ("--window", "--by", "--policy"):
        assert option in words


def test_the_data_can_be_checked_and_definitions_compared(shell) -> None:
    assert ask(shell, "%saas check").definition.id == "check"
    found = ask(shell, "%saas definitions.compare nrr default,stripe --window 3")
    assert found.df["policy"].unique().tolist() == ["default", "stripe"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("%saas nrrr", "There is no metric called 'nrrr'; %saas alone lists them. Did you mean"),
        ("%saas nrr --windw 3", "There is no option of nrr called 'windw'. Did you mean 'window'?"),
        ("%saas nrr --window three", "--window takes a whole number, not 'three'."),
        ("%saas nrr --by 'seg", "do not close"),
        ("%saas nrr --window 3 --window 4", "--window is given twice"),
        ("%saas nrr 3 --window 4", "window is given twice"),
        ("%saas nrr --policy", "--policy needs a value"),
        ("%saas nrr --policy strip", "Did you mean 'stripe'?"),
        ("%saas nrr --out 1x", "no name of a variable"),
        ("%saas nrr --book sm", "sm is a module, not a book"),
        ("%saas nrr --book bok", "Did you mean 'book'?"),
        ("%saas survival.compare", "survival.compare needs --by"),
        ("%saas compare", "'compare' is several: definitions.compare, "),
        ("%saas retention.mrr", "There is no metric of retention called 'mrr'"),
        ("%saas forecast.mrr --scenario worse", "call the function in Python instead"),
        ("%saas nrr --by segmnt", "segmnt"),
        ("%%saas nrr\nmrr", "ask for metrics on the lines below"),
        ("%%saas\nclass = mrr", "class is no name of a variable"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(shell, capsys, code, words) -> None:
    shown = said(shell, code, capsys)
    assert words in shown
    assert "Traceback" not in shown
    assert len(shown.splitlines()) == 1


def test_without_a_book_it_says_how_to_make_one(shell, capsys) -> None:
    del shell.user_ns["book"]
    assert 'book = sm.read("exports/")' in said(shell, "%saas nrr", capsys)


def test_of_several_books_one_must_be_named(shell, capsys) -> None:
    shell.user_ns["other"] = sm.demo(customers=20)
    assert "There are several books: book, other" in said(shell, "%saas mrr", capsys)
    assert ask(shell, "%saas mrr --book other").context.as_of == "2026-10-31"


def test_two_names_of_one_book_are_one_book(shell, book) -> None:
    shell.user_ns["same"] = book
    assert ask(shell, "%saas mrr").value == sm.revenue.mrr(book).value


def test_nothing_in_a_line_is_run(shell, capsys) -> None:
    for text in ("{setattr(sm,'hacked',1)}", "$book", "__import__('os')"):
        said(shell, f'%saas nrr --by "{text}"', capsys)
    assert not hasattr(sm, "hacked")


def test_a_semicolon_keeps_a_result_from_being_shown(shell, capsys) -> None:
    shell.run_cell("%saas mrr;")
    assert capsys.readouterr().out == ""


def test_loading_it_twice_changes_nothing(shell) -> None:
    shell.run_line_magic("reload_ext", "saasmetrics")
    shell.run_line_magic("reload_ext", "saasmetrics")
    assert len(shell.Completer.custom_matchers) == 1
    assert ask(shell, "%saas mrr").definition.id == "mrr"


def test_unloaded_it_is_gone(shell) -> None:
    shell.run_line_magic("unload_ext", "saasmetrics")
    assert "saas" not in shell.magics_manager.magics["line"]
    assert shell.Completer.custom_matchers == []


def test_every_metric_of_a_book_can_be_asked_for() -> None:
    functions = {one for known in topics().values() for one in known.values()}
    assert functions <= {named(f"{t}.{n}") for t, known in topics().items() for n in known}
    metrics = {e.function for e in sm.CATALOGUE.values() if e.function in functions}
    assert metrics <= set(names().values())


def test_lists_numbers_and_flags_are_read_as_the_parameter_takes_them(book) -> None:
    read = Question.read("movements --by segment,plan --subtypes")._arguments(sm.revenue.movements)
    assert read == {"by": ["segment", "plan"], "subtypes": True}
    read = Question.read("tiers --period 2026 --bands 1000,1e4")._arguments(sm.revenue.tiers)
    assert read == {"period": "2026", "bands": [1000, 10000.0]}
    read = Question.read("nrr --interval none --window=-1")._arguments(sm.retention.nrr)
    assert read == {"interval": None, "window": -1}
