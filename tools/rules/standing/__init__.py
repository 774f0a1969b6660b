"""Rules that need all files together, and the tools' contracts."""
