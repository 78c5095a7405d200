"""Targets, books of customer success managers, and what customer success costs."""
