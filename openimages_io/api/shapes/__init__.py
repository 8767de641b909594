"""The annotations of an image."""
