"""The checks: one module for each step of the troubleshooting guide."""
