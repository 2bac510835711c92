"""The systemd service."""
