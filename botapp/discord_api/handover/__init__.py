"""What one process of the bot leaves for the next, so that no click is lost: taken events, and the gateway session."""
