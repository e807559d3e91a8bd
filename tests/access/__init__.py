"""The doctor with less access than everything."""
