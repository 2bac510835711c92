"""Clicks, lists and forms of members."""
