"""The main job as a step of GitHub Actions: it finds its backup by itself, and tells the run."""
