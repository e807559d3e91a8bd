"""One issue in the repository for each root cause. It writes: only ever run when asked for."""
