"""Commands: parse, ask one service, answer."""
