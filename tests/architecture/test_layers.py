"""Imports go one way. Lazy imports inside functions count: a hidden cycle is a cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {"saasmetrics": ROOT, "saasmetrics_widgets": ROOT / "widgets"}

LAYERS = (
    {"errors", "version"},
    {
        "asked",
        "calls",
        "memory",
        "periods",
        "money",
        "printable",
        "export",
        "recording",
        "registered",
        "versions",
    },
    {"policy", "policies", "catalogue", "headline", "result", "proof", "shown", "tables", "cache"},
    {"importers", "engine", "checks", "quality"},
    {"book", "book_fields", "connected", "sample"},
    {"survival"},
    {"metrics"},
    {"accessor", "definitions", "forecast"},
    {"success"},
    {"charts"},
    {"board"},
    {"cli", "__main__", "check_command", "import_command", "flags", "saasmetrics_widgets"},
)
LAYER = {part: number for number, parts in enumerate(LAYERS) for part in parts}
TOP = len(LAYERS) - 1

JUPYTER = {"IPython", "anywidget", "ipykernel", "ipywidgets", "jupyter_client", "traitlets"}
JUPYTER |= {"jupyterlab", "notebook", "nbclient", "nbconvert", "nbformat"}


def _modules() -> dict[str, Path]:
    """Dotted name -> file, of every module of both packages."""
    found = {}
    for package, base in SOURCES.items():
        for path in sorted((base / package).rglob("*.py")):
            parts = path.relative_to(base).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


@cache
def _imports(path: Path) -> tuple[tuple[int, str], ...]:
    """(line, dotted name) of every import, type-checking ones left out: they never run."""
    return tuple(_found(path))


def _found(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield node.lineno, submodule if submodule in MODULES else str(node.module)
        elif isinstance(node, ast.Call) and _called(node) == "import_module":
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant):
                    yield node.lineno, str(argument.value)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _part(module: str) -> str:
    """saasmetrics.tables.gate -> tables; the root package and the widgets keep their own name."""
    parts = module.split(".")
    return parts[1] if parts[0] == "saasmetrics" and len(parts) > 1 else parts[0]


def _layer(module: str) -> int:
    # The root loads everything on first use, so only the outermost layer may import it.
    return TOP if module == "saasmetrics" else LAYER[_part(module)]


def _own(name: str) -> bool:
    return name.split(".")[0] in SOURCES


def test_every_module_has_a_layer() -> None:
    lost = sorted(m for m in MODULES if m != "saasmetrics" and _part(m) not in LAYER)
    assert not lost, f"give these a layer in LAYERS (and in CONTRIBUTING.md): {lost}"


def test_imports_only_go_down() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}: layer {_layer(module)} may not reach up "
        f"to layer {_layer(name)}"
        for module, path in MODULES.items()
        if module != "saasmetrics"
        for line, name in _imports(path)
        if _own(name) and _part(name) in LAYER | {"saasmetrics": TOP}
        if _layer(name) > _layer(module)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_no_import_cycles_between_modules() -> None:
    edges = {
        module: {name for _, name in _imports(path) if name in MODULES and name != module}
        for module, path in MODULES.items()
        if module != "saasmetrics"
    }
    cycle = _cycle(edges)
    assert not cycle, "these modules import each other: " + " -> ".join(cycle)


def _cycle(edges: dict[str, set[str]]) -> list[str]:
    """One cycle as a list of names, first = last; empty where there is none."""
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for target in sorted(edges.get(name, ())):
            if found := visit(target, [*trail, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(edges) if (found := visit(name, []))), [])


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("matplotlib", ()),
        ("lifelines", ()),
        ("altair", ("charts",)),
        ("xlsxwriter", ("export",)),
        ("pptx", ("board",)),
        ("typst", ("board",)),
    ],
)
def test_a_heavy_library_has_one_door(library: str, allowed: tuple[str, ...]) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for module, path in MODULES.items()
        if _part(module) not in allowed
        for line, name in _imports(path)
        if name.split(".")[0] == library
    ]
    assert not wrong, f"{library} may only be imported in {allowed or 'no module'}: {wrong}"


def test_the_library_never_imports_jupyter() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for module, path in MODULES.items()
        if module.split(".")[0] == "saasmetrics"
        for line, name in _imports(path)
        if name.split(".")[0] in JUPYTER
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_cycle_finder_finds_a_cycle() -> None:
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert _cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
