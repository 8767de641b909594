"""The Open Images format: files and their meaning. This room knows nothing of Django."""
