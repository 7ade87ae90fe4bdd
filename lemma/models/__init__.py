"""Language models: the client around them, limits, costs, batches, prompts; one backend per file in `backends/`."""
