"""Texts for admins. Pure."""
