"""What admins are shown. Pure."""
