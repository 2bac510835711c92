"""The shop bot and the programs around it."""
