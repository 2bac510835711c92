"""Alerts to the owner, sent even when the bot is down."""
