"""Workbooks whose numbers can be followed: typed cells, live formulas, and no cell that runs what a name says."""
