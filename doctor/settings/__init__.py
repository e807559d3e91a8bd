"""Settings: where they come from, what they mean, and whom they may be shown to."""
