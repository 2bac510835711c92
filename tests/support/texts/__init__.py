"""Checks of catalogues and languages."""
