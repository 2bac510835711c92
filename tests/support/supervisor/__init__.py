"""Supervisors, programs and commands for tests."""
