"""What any program under the supervisor needs: connection to the supervisor, background tasks, state file, log."""
