"""The one way a file is refused."""


class RefusedFileError(Exception):
    """A file as a whole cannot be read; the sentence says which file, what was expected and what to do."""
