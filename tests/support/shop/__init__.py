"""A shop for tests: products, members, databases."""
