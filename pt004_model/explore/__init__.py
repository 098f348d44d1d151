"""Ways to choose commands, and to drive model and FC side by side."""
