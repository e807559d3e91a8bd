"""The GitHub stand-in answers as GitHub does."""
