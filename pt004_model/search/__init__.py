"""Ways to choose what is sent."""
