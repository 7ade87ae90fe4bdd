"""An independent reading of LaTeX records: exact values, equality chains, answers, and what explanations claim."""
