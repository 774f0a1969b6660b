"""Files to begin with: each boots, keeps the rules and is tested by a file of its own."""
