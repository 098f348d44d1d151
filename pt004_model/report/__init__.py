"""A campaign shown to people and programs."""
