"""Class lists and the class hierarchy."""
