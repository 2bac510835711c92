"""`stocksup init`: from nothing to a configuration, a stored token and a bot in a server."""
