"""What is on disk: journal, history, state directory, cache directories."""
