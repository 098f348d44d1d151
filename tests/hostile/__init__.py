"""Attacks: an FC, a network and a machine that do their worst."""
