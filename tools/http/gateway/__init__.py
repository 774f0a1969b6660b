"""What a gateway in front is told: the routes as its configuration."""
