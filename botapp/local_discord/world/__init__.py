"""The state of the local Discord."""
