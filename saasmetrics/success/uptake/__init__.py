"""Adoption: what customers use, how deep, and how fast they get there."""
