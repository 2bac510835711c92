"""Self-contained extensions of the bot."""
