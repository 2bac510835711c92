"""Texts and message contents. Pure, except the modules that build discord.py objects."""
