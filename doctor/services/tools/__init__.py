"""The known errors of the tools of backup steps: one TOML file for a tool or a family of tools."""
