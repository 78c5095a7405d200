"""The reference of the public names, from their docstrings; metrics are told once, on pages of their own."""

from __future__ import annotations

import inspect
from html import escape
from typing import Any

from docs.site import docstrings, known
from docs.site.page import Page
from docs.site.text import call_block, code_block, inline, markdown


def page(module: str) -> Page:
    """Return the reference of a module."""
    title = known.API[module]
    head = docstrings.told(_module(module))
    names = known.members(module)
    metrics = {n: t for n, t in names.items() if _metric_page(module, n).startswith("metrics/")}
    others = {n: t for n, t in names.items() if n not in metrics}
    parts = [markdown(head.more)] if head.more and module != "saasmetrics" else []
    if metrics:
        parts.append(f'<h2 id="metrics">Metrics</h2>{_metrics(module, metrics)}')
    parts += [_one(module, name, thing) for name, thing in others.items()]
    short = module.replace("saasmetrics.", "sm.") if module != "saasmetrics" else "sm"
    summary = f"{short}: {head.summary}"
    return Page(known.place(module), title, summary, "".join(parts), "api", " ".join(names))


def _module(module: str) -> Any:
    import importlib

    import saasmetrics as sm

    if module.startswith("saasmetrics."):
        return getattr(sm, module.partition(".")[2])
    return importlib.import_module(module)


def _metric_page(module: str, name: str) -> str:
    return known.places().get(known.called(module, name), "")


def _metrics(module: str, names: dict[str, Any]) -> str:
    items = "".join(
        f'<dt><a href="{_metric_page(module, name)}"><code>{known.called(module, name)}</code></a></dt>'
        f"<dd>{inline(docstrings.told(thing).summary)}</dd>"
        for name, thing in names.items()
    )
    return f'<dl class="names">{items}</dl>'


def _one(module: str, name: str, thing: Any) -> str:
    """Return a section on a function, or on a class with its methods."""
    call = f"{known.called(module, name)}{docstrings.signature(thing)}"
    head = f'<h2 id="{name}"><code>{escape(name)}</code></h2>{call_block(call)}'
    body = _said(thing)
    if inspect.isclass(thing):
        body += _methods(name, thing)
    return f'<section class="name">{head}{body}</section>'


def _said(thing: Any) -> str:
    said = docstrings.told(thing)
    parts = [markdown(said.summary), markdown(said.more)]
    for section in ("Parameters", "Attributes", "Returns", "Raises"):
        if rows := said.entries(section):
            items = "".join(
                f"<dt><code>{escape(name)}</code></dt><dd>{markdown(words)}</dd>"
                for name, words in rows
            )
            parts.append(f'<p class="label">{section}</p><dl class="names">{items}</dl>')
    if notes := said.sections.get("Notes"):
        parts.append(markdown(notes))
    if session := docstrings.examples(thing):
        parts.append(code_block(session, "pycon"))
    return "".join(parts)


def _methods(name: str, thing: type) -> str:
    parts = []
    for method, found in sorted(vars(thing).items()):
        target = found.__func__ if isinstance(found, classmethod | staticmethod) else found
        if method.startswith("_") or not (
            inspect.isfunction(target) or isinstance(found, property)
        ):
            continue
        inner = found.fget if isinstance(found, property) else target
        call = "" if isinstance(found, property) else docstrings.signature(inner)
        if not inspect.getdoc(inner):
            continue
        parts.append(
            f'<h3 id="{name}.{method}"><code>.{method}{escape(call)}</code></h3>{_said(inner)}'
        )
    return "".join(parts)


def overview() -> Page:
    """Return the list of the modules and of their names."""
    parts = []
    for module, title in known.API.items():
        names = " ".join(
            f'<a href="{_metric_page(module, name)}"><code>{name}</code></a>'
            for name in known.members(module)
        )
        place = known.place(module)
        parts.append(
            f'<h2 id="{module.rpartition(".")[2]}"><a href="{place}">{title}</a></h2>'
            f'<p class="many">{names}</p>'
        )
    return Page(
        "api/index.html", "API reference", "Every public name, from its docstring.", "".join(parts)
    )
