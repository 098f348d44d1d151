"""What a conforming FC does: frozen values and pure functions."""
