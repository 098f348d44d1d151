"""The package as a stranger uses it: installed from its wheel, in a project of theirs."""
