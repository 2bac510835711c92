"""The control socket: connections, messages, views."""
