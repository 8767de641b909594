"""Changes of many images: asked for, tried, made at once or by a job."""
