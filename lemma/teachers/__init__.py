"""Language models that answer requests: one backend a file, and once for all around them what a long run needs."""
