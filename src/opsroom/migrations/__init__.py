"""One history for the core and its apps; see README.md beside this file."""
