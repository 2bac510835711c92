"""The owner's data: backups, restoring them, export and import, and whether the books are right."""
