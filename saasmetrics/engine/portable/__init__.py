"""The readable definition of every cube, in narwhals: it runs where the tables live, and only cubes come back."""

from __future__ import annotations

from saasmetrics.engine.portable.engine import PortableEngine

__all__ = ["PortableEngine"]
