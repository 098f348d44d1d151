"""Tests of filing, against a folder and against a stand-in for GitHub."""
