"""What the libraries of JavaScript, Python and PowerShell do that a script calls."""
