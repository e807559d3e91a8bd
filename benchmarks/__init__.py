"""Measures the doctor against its targets, on this machine, side by side. Run it: `make bench`."""
