"""A stand-in for the REST API of GitHub Actions, for one repository."""
