"""Reports that are made again and again, and sent to people."""
