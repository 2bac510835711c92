"""The life cycle of one process of the bot: it loads, serves and drains, as its supervisor requests."""
