"""The supervisor process: its event loop, and the execution of effects."""
