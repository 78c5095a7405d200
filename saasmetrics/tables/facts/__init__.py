"""Fact tables of customer-months that are larger than memory: read once, a part at a time, into runs of months.

`parts` are the files and what they hold, `ids` numbers the customers, `kinds` what else tells two rows of a customer
apart, `sweep` makes runs of rows, and `reading` a table of runs.
"""
