"""The language in which checks speak of the world: frozen, typed, serializable, free of secrets."""
