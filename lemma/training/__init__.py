"""Training with TRL and PEFT on the records of a run directory. Needs the extra `lemma-sft[train]`."""
