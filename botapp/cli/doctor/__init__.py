"""The bot's part of `stocksup check`."""
