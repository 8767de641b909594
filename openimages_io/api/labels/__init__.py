"""Labels with their attribute specs, and their hierarchy."""
