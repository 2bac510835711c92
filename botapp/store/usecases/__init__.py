"""Use cases: each function runs within one transaction."""
