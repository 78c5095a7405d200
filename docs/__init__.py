"""The documentation: pages, and what builds the site of them."""
