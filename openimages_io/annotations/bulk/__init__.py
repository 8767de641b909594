"""Changes of many images at once: planned, shown, and carried out exactly as they were shown."""
