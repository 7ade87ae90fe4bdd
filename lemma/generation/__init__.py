"""Endless word problems over random dependency graphs, which a small model can really learn."""
