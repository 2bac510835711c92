"""The configuration: paths, settings, and differences after a reload."""
