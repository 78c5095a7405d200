"""Memory: how much the machine has free, and how much is said in words."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_FALLBACK = 4 * 10**9  # where the system does not say what memory is free
_MANY = 1 << 18  # rows from which memory is worth the time that giving it back takes
_GROUP = Path("/sys/fs/cgroup")


def free() -> int:
    """Return how much memory this process may still take, in bytes.

    Examples
    --------
    >>> free() > 0
    True
    """
    return min(_of_the_machine(), _of_the_group())


def spoken(size: float) -> str:
    """Return a size in bytes in words.

    Examples
    --------
    >>> spoken(2_500_000_000), spoken(1)
    ('2.5 GB', '0.1 MB')
    """
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):,.1f} MB"


def give_back(rows: int) -> None:
    """Return memory that work on so many rows used to the system; allocators keep what was used at most."""
    import ctypes

    import pyarrow as pa

    pa.default_memory_pool().release_unused()
    if rows < _MANY:
        return
    with suppress(OSError, TypeError, AttributeError):  # where the C library has no such function
        ctypes.CDLL(None).malloc_trim(0)


def _of_the_machine() -> int:
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            kilobytes = next(line.split()[1] for line in lines if line.startswith("MemAvailable"))
        return int(kilobytes) * 1024
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return _FALLBACK


def _of_the_group() -> int:
    """Return what a container leaves; a container's limit is not the machine's."""
    try:
        most = int((_GROUP / "memory.max").read_text("ascii"))
        used = int((_GROUP / "memory.current").read_text("ascii"))
    except (OSError, ValueError):  # no container, or one without a limit, which says "max"
        return 2**62
    return max(most - used, 0)
