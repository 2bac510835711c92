"""The bot and the local Discord for tests."""
