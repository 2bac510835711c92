"""Alerts to the owner that do not need the bot."""
