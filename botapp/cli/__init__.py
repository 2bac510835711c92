"""The commands that the bot adds to `stocksup`."""
