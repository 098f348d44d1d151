"""Tests of what people and other programs are shown."""
