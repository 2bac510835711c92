"""The dashboard's figures: where they come from, and their history."""
