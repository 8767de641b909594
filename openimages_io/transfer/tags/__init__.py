"""Image-level labels."""
