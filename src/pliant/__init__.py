"""Pliant: edit a photo by dragging it."""

__version__ = "0.1.0"
