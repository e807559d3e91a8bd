"""What makes the parts of the documentation that the program itself can tell."""
