"""What the report says, and what remedies do, where the rows of tables are elsewhere."""
