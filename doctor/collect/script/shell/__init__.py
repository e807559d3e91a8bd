"""The shell: its builtins, the programs that pipelines call with it, and what they do to texts."""
