"""Files of old polls, and how they are read together with the table."""
