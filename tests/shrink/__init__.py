"""Tests of ``pt004_model/shrink``."""
