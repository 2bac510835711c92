"""The live message: posting, updating, and reactions to its health."""
