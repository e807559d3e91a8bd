"""A complete backup pipeline on this machine: real services and true-to-life stand-ins."""
