"""The repair of a row, carried out."""
