"""The live stock."""
