"""The schema says what DESIGN says, and says it without contradictions."""

from __future__ import annotations

import pytest

from saasmetrics.errors import UnknownNameError
from saasmetrics.tables import SCHEMA, table_schema
from saasmetrics.tables.names import fold

# The required columns of section 4 of the design.
REQUIRED = {
    "subscriptions": {"subscription_id", "customer_id", "start", "amount", "interval"},
    "mrr": {"customer_id", "month", "mrr"},
    "invoices": {"invoice_id", "customer_id", "date", "amount"},
    "customers": {"customer_id"},
    "contracts": {"contract_id", "customer_id", "start", "end", "arr"},
    "spend": {"month", "function", "amount"},
    "finance": {"month"},
    "targets": {"metric", "period", "value"},
    "activities": {"customer_id", "at", "kind"},
    "tickets": {"ticket_id", "customer_id", "created_at"},
    "usage": {"customer_id", "date"},
    "surveys": {"customer_id", "at", "instrument", "score"},
    "people": {"person_id", "role"},
    "hours": {"person_id", "period"},
    "trials": {"customer_id", "start"},
    "fx": {"date", "currency", "rate"},
}
COLUMNS = [(table.name, column) for table in SCHEMA.values() for column in table.columns.values()]


def test_there_are_the_sixteen_tables_with_their_required_columns():
    assert {name: set(table.required) for name, table in SCHEMA.items()} == REQUIRED


@pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=lambda value: getattr(value, "name", value)
)
def test_every_column_has_a_one_sentence_meaning(table, column):
    assert column.meaning.endswith("."), f"{table}.{column.name}"


@pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=lambda value: getattr(value, "name", value)
)
def test_every_amount_and_number_has_a_unit(table, column):
    wanted = column.dtype in ("money", "number", "int")
    assert bool(column.unit) == wanted, f"{table}.{column.name}"


@pytest.mark.parametrize("table", SCHEMA.values(), ids=lambda table: table.name)
def test_no_alias_stands_for_two_columns_of_a_table(table):
    names = [
        fold(alias)
        for column in table.columns.values()
        for alias in (column.name, *column.aliases, *sum(column.aliases_by_interval.values(), ()))
    ]
    assert sorted(names) == sorted(set(names))


def test_no_file_name_stands_for_two_tables():
    names = [fold(alias) for table in SCHEMA.values() for alias in (table.name, *table.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=lambda value: getattr(value, "name", value)
)
def test_every_synonym_is_of_a_choice_that_exists(table, column):
    assert set(column.synonyms.values()) <= set(column.choices), f"{table}.{column.name}"


def test_every_key_is_a_column():
    assert all(set(table.key) <= set(table.columns) for table in SCHEMA.values())


def test_a_misspelt_table_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="Did you mean 'subscriptions'"):
        table_schema("subscription")
