"""The error types, and how often to make each."""
