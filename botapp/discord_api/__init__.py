"""Discord itself: REST, permissions, slash commands, gateway status."""
