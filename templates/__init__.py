"""Every template of the reports, and only text."""
