"""Polls of the past: moved from the table to files, and read back with it as if they had never left."""
