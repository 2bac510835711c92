"""Goods on their way: stock that comes in as files, and what goes out to members and admins."""
