"""REST, gateway and control API of the local Discord."""
