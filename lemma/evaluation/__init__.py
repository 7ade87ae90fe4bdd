"""Does a model correct itself, and at what cost? One suite per file, each with its probes and its figures."""
