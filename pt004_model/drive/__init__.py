"""Sending and judging: lockstep, sessions, replays, playback, preflight."""
