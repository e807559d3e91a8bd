"""Waiting for a backup."""
