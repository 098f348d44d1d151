"""The project of the stranger is run by the test, and not collected with ours."""

collect_ignore = ["project"]
