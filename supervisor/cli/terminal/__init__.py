"""Terminal output and option types."""
