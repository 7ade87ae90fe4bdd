"""Training with TRL and PEFT on the records of a run directory. Requires the extra `lemma-sft[train]`."""
