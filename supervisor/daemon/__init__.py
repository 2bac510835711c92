"""The supervisor process: its event loop, and what carries effects out."""
