"""From the diagnosis to text: pure functions."""
