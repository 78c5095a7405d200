"""The narrow waist: a handful of integer cubes, the only code that touches the rows of the tables."""
