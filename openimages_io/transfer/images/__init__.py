"""Image lists and sizes."""
