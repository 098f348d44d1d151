"""Tests of ``pt004_model/drive``."""
