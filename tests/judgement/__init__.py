"""How findings are judged and placed in the chain."""
