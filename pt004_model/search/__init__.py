"""Ways to choose what to ask of a Federation Core: the state machine, and the campaign's search."""
