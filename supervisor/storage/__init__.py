"""Files of the state directory: journal, history, cache directories."""
