"""Tests of the search, against a stub that answers from the model."""
