"""What every notebook says: the language that it speaks, and which rows it is about."""

from loyalty_kit.language import speak
from loyalty_kit.reporting.sentences import describe_only

__all__ = ["describe_only", "speak"]
