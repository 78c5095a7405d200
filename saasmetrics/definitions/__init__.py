"""One number under several definitions, and on several days of knowledge: side by side, and the way between them."""

from saasmetrics.definitions.comparison import compare
from saasmetrics.definitions.difference import explain
from saasmetrics.definitions.restatement import restatement

__all__ = ["compare", "explain", "restatement"]
