"""Image annotations in a Django database, in and out in the Open Images format."""

__version__ = "0.1.0"
