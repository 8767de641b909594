"""Imports, exports and checks that run in the background, seen and steered from elsewhere."""
