"""Alerts and the list of what to do first."""
