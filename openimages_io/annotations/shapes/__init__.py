"""The shapes of an image, as they are given in JSON: read, compared with what is stored, and saved."""
