"""The Open Images format: files and their meaning. It knows nothing of Django."""
