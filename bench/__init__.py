"""Measurements: scripts that print, each side beside the other in one run."""
