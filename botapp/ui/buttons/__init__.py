"""The live buttons."""
