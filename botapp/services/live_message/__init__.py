"""The live message: posting, updating, and what its health leads to."""
