"""The error types, and how often each is to be made."""
