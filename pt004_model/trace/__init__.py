"""A recorded conversation: its steps, its file format, and what stays out of it."""
