"""Figures, as SVG that goes into a page."""
