"""The whole doctor on whole pipelines that really ran."""
