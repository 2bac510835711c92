"""The live message, kept up to date."""
