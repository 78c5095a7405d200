"""One number under several definitions: side by side, and the way from one to the other."""

from saasmetrics.definitions.comparison import compare
from saasmetrics.definitions.difference import explain
from saasmetrics.definitions.sources import sources

__all__ = ["compare", "explain", "sources"]
