"""Random kills with a seed, for tests."""
