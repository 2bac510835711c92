"""What admins are told in channels."""
