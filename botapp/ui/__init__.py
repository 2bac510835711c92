"""Texts and message contents. Pure, but for the modules that build discord.py objects."""
