"""Expressions with letters: reading, exact equality, what follows from what, and how a mistake is carried on."""
