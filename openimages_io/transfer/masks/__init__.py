"""Segmentation masks, and the shapes that are written as masks."""
