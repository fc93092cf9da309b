"""The platform as a whole: up, down, and what runs in between."""
