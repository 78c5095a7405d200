"""MRR and invoices matched where their tables are: events per customer and day, and their sums."""
