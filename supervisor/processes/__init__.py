"""Processes: spawn, signal, reap, watch, measure."""
