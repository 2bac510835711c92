"""Deposits without an admin: from webhooks in Discord, and over signed HTTP."""
