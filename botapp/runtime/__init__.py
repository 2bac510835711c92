"""What any program under the supervisor needs: link, tasks, state, log."""
