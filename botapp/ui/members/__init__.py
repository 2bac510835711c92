"""Texts and panels for members."""
