"""The bot's settings and token."""
