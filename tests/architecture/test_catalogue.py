"""A public metric is a function with a catalogue entry; there is no other way to be one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import saasmetrics.metrics
from saasmetrics.catalogue import CATALOGUE

# Plain arithmetic on numbers, for checking by hand: not metrics of a book.
NOT_METRICS = {"formulas"}


def _topics() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(saasmetrics.metrics.__path__):
        if not found.name.startswith("_") and found.name not in NOT_METRICS:
            yield importlib.import_module(f"saasmetrics.metrics.{found.name}")


def _takes_a_book(function: object) -> bool:
    parameters = list(inspect.signature(function).parameters)  # type: ignore[arg-type]
    return bool(parameters) and parameters[0] == "book"


def _public_metrics() -> dict[str, object]:
    return {
        f"{topic.__name__}.{name}": value
        for topic in _topics()
        for name, value in vars(topic).items()
        if not name.startswith("_")
        and inspect.isfunction(value)
        and value.__module__ == topic.__name__
        and _takes_a_book(value)
    }


def test_every_public_metric_has_a_catalogue_entry() -> None:
    defined = {inspect.unwrap(metric.function) for metric in CATALOGUE.values()}
    missing = [n for n, f in _public_metrics().items() if inspect.unwrap(f) not in defined]
    assert not missing, f"decorate with @metric(...) or make private: {missing}"


def test_every_public_metric_has_a_docstring_with_a_runnable_example() -> None:
    missing = [n for n, f in _public_metrics().items() if ">>>" not in (inspect.getdoc(f) or "")]
    assert not missing, f"add an Examples section: {missing}"


def test_every_entry_says_what_it_means_and_when_it_is_missing() -> None:
    _ = _public_metrics()
    empty = [
        f"{key}.{field}"
        for key, entry in CATALOGUE.items()
        for field in ("name", "meaning", "formula", "missing")
        if not getattr(entry, field)
    ]
    assert not empty, f"fill in: {empty}"
