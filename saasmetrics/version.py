"""The version of the library, for what has to say by which code a number was computed."""

from __future__ import annotations

__version__ = "0.1.0"
