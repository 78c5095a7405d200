"""Survival estimators on counts: customers or dollars per (duration, entry, event), never rows."""

from __future__ import annotations
