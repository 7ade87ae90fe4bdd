"""How likely a model finds what could be said next: the base of model-aware reflections. One backend a file."""
