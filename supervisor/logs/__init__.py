"""Log files: writing, rotating, masking, reading."""
