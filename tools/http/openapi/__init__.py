"""The OpenAPI document of what is served, and the page that shows it."""
