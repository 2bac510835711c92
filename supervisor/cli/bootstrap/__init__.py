"""Start a supervisor, and find programs that still run without one."""
