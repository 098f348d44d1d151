"""Findings made as short as a person would write them, by replaying candidates."""
