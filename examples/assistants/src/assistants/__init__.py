"""Voice assistants and what they understand."""
