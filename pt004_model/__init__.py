"""A property-based tester for workflow runs in a Federation Core."""
