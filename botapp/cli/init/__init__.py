"""`stocksup init`: create a configuration, store the token, and invite the bot."""
