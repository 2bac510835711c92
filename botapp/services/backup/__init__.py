"""The owner's data: backup, restore, export, import and verification."""
