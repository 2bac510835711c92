"""Deliveries to members and admins, and stock uploads."""
