"""The shop itself: its rules (pure), its tables, and one transaction for each thing that can be done in it.

Nothing here knows Discord. A use case is a function of an open connection, of what is asked and of now; it returns
records or raises a `Refused`, and then nothing has changed. `database.py` runs it as one transaction.
"""
