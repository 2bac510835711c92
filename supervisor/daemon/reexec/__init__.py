"""Executes the supervisor again in the same process: after an unexpected exception, and for an upgrade."""
