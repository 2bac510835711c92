"""The state machine of one program: events in, effects out. Pure: no clock, no process, no file."""
