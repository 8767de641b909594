"""Images and their pictures."""
