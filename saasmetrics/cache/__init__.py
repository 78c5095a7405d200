"""Results kept in a folder, so that reading and counting the same files again costs little: `sm.read(..., cache=True)`.

Nothing is kept without being asked for. What is kept is named by the content of the files, by how they were read and by
the code that read them, so that a changed file, another option or another version is simply not found.

- Cache: the folder, its limit, and how to clear it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saasmetrics.cache.store import Cache

__all__ = ["Cache"]


def __getattr__(name: str) -> Any:
    """Load a public name on first use, as pyarrow is heavy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from saasmetrics.cache import store

    return getattr(store, name)


def __dir__() -> list[str]:
    return [*__all__]
