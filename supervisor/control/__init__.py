"""The control socket: connections, messages, fairness."""
