"""What members see: the live message, its buttons, and what decides whether they are shown."""
