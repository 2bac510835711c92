"""Component interactions of members: clicks, selects and modals."""
