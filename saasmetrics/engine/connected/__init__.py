"""Tables that stay where they are: what is counted there, what is brought here, and how much of it may be."""

from __future__ import annotations

from saasmetrics.engine.connected.link import Link
from saasmetrics.engine.connected.reading import connected_tables
from saasmetrics.engine.connected.there import There

__all__ = ["Link", "There", "connected_tables"]
