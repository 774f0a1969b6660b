"""What carries events between processes and machines, one client a file; each is an extra of its own."""
