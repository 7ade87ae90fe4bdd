"""Turn solved math problems into training data that teaches a language model to repair its own mistakes."""

__version__ = "0.1.0"
