"""A public metric is a function with a catalogue entry; there is no other way to be one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import saasmetrics.metrics
import saasmetrics.survival
from saasmetrics.catalogue import CATALOGUE
from saasmetrics.metrics.glossary import glossary
from saasmetrics.policy import choices

# Plain arithmetic on numbers, for checking by hand: not metrics of a book.
NOT_METRICS = {"formulas"}
# What metrics are made with.
WORKSHOP = {"made", "rates", "shared"}


def _topics() -> Iterator[ModuleType]:
    packages = (saasmetrics.metrics, saasmetrics.survival)
    for package in packages:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not set(found.name.split(".")) & NOT_METRICS:
                yield importlib.import_module(found.name)


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
        and topic.__name__.rpartition(".")[2] not in WORKSHOP
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


def test_every_choice_a_metric_names_is_one_of_the_policy() -> None:
    unknown = {c for entry in CATALOGUE.values() for c in entry.choices} - set(choices())
    assert not unknown


def test_every_option_of_the_catalogue_is_a_parameter_or_follows_from_one() -> None:
    for key, entry in CATALOGUE.items():
        parameters = set(inspect.signature(entry.function).parameters)
        assert set(entry.options) <= parameters, key


def test_the_glossary_in_the_repository_is_the_generated_one() -> None:
    written = (Path(__file__).parents[2] / "METRICS.md").read_text(encoding="utf-8")
    assert written == glossary(), "python -m saasmetrics.metrics.glossary > METRICS.md"
