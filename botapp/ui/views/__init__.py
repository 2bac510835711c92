"""The health of the live stock."""
