"""Operations backend: stores, dispatch and quality on one platform."""

__version__ = "0.1.0"
