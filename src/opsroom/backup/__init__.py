"""A copy of everything in one file, and everything again from it; see docs/decisions on backups."""
