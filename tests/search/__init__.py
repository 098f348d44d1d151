"""Tests of the ways to choose what to ask."""
