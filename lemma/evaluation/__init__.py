"""Does a model correct itself, and at what price? One suite a file, each with its probes and its figures."""
