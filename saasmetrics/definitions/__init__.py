"""One number under several definitions, from several sources, and then and now: side by side, and what lies between."""

from saasmetrics.definitions.comparison import compare
from saasmetrics.definitions.difference import explain
from saasmetrics.definitions.restatement import restatement
from saasmetrics.definitions.sources import sources

__all__ = ["compare", "explain", "restatement", "sources"]
