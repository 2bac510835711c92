"""The shop: its rules (pure), its tables, and one transaction per use case.

This package does not know Discord. A use case is a function of an open connection, its arguments and the current time.
It returns records, or raises a `Refused` and changes nothing. `db/database.py` runs it as one transaction.
"""
