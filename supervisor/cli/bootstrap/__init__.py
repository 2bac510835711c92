"""Starting a supervisor, and finding what outlived one."""
