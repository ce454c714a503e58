"""What a report says of path models."""
