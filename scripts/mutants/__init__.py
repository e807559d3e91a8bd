"""Mutation testing: the judgement, changed in one place at a time, and whether a test notices.

`making` writes the mutants, `trying` runs the tests on each, `page` says what came of it.
"""
