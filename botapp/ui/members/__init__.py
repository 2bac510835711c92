"""What members are shown."""
