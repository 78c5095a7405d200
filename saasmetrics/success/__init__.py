"""What customer success does for customers, and how much of it a company needs."""

from __future__ import annotations
