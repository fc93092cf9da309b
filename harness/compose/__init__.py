"""Docker Compose: makes the secrets that compose.yaml asks for."""
