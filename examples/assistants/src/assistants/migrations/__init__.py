"""The history of this app's tables, in `versions`."""
