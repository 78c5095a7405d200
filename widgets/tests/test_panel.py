"""What the side panel is told about the books in a kernel."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import saasmetrics as sm
from saasmetrics_widgets.panel import books


def small(**more) -> sm.Book:
    rows = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-02"], "mrr": [10, 20]}
    return sm.Book(mrr=rows | more)


def test_where_there_is_no_book_there_is_nothing_to_tell() -> None:
    assert books({"book": 1, "sm": sm}) is None


def test_where_the_library_was_not_used_it_is_not_loaded() -> None:
    code = (
        "import sys; from saasmetrics_widgets.panel import books; print(books(globals()));"
        "print('saasmetrics.book' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]


def test_the_variable_asked_for_is_told_about() -> None:
    both = {"first": small(), "second": small().with_policy("stripe")}
    assert books(both, "first")["name"] == "first"
    assert books(both, "second")["policy"] == {
        "name": "stripe",
        "title": "Stripe Billing analytics",
        "changed": False,
    }


def test_without_a_question_it_is_the_variable_book_or_else_the_last_one_made() -> None:
    assert books({"book": small(), "other": small()})["name"] == "book"
    told = books({"mine": small(), "other": small()}, "gone")
    assert (told["name"], told["names"]) == ("other", ["other", "mine"])


def test_results_of_earlier_cells_are_not_listed_as_books() -> None:
    assert books({"_": small(), "_3": small(), "__": small()}) is None


def test_each_table_has_its_own_findings_with_errors_first() -> None:
    twice = small(month=["2026-01", "2026-01"], customer_id=["a", "a"])
    told = books({"book": twice})
    (table,) = told["tables"]
    assert (table["name"], table["rows"], table["columns"]) == ("mrr", 2, 3)
    assert table["findings"][0]["severity"] == "error"
    assert "of 100: 1 error" in told["summary"]
    assert table["findings"][0]["remedy"]


def test_a_changed_policy_says_which_preset_it_comes_from() -> None:
    changed = small().with_policy("stripe").with_policy(gap_days=30)
    assert books({"b": changed})["policy"] == {
        "name": "stripe",
        "title": "Stripe Billing analytics",
        "changed": True,
    }
    own = small().with_policy(sm.Policy(name="ours", gap_days=30))
    assert books({"b": own})["policy"] == {"name": "", "title": "ours", "changed": True}


@pytest.mark.parametrize("book", [sm.demo(customers=50), small().where(customer_id="a")])
def test_the_answer_is_plain_json(book: sm.Book) -> None:
    told = books({"book": book})
    assert json.loads(json.dumps(told)) == told
    assert told._repr_json_() == told


@pytest.mark.parametrize("name", [[], {}, None, 1])
def test_odd_arguments_are_no_books(name) -> None:
    hostile = type("Hostile", (), {"__class__": property(lambda self: self.nothing)})
    odd = {1: small(), None: small(), "odd": hostile(), "book": small()}
    assert books(odd, name)["names"] == ["book"]
    for namespace in (None, [], 1, "book"):
        assert books(namespace, name) is None


def test_nothing_in_the_namespace_changes() -> None:
    namespace = {"book": small()}
    books(namespace)
    assert list(namespace) == ["book"]
