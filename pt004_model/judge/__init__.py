"""Does a reply agree with an allowed outcome? Pure; knows no HTTP."""
