"""Processes that use the cache, for tests."""
