"""The life cycle of one process of the bot: it prepares, serves, drains and retires, as its supervisor requests."""
