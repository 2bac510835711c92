"""Notices for admins in Discord channels."""
