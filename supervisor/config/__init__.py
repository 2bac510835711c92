"""The configuration: paths, settings, what changed."""
