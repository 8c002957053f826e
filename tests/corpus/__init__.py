"""A generator of filled forms with known values: what universities send, made by several programs; it copies nothing."""
