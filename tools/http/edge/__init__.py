"""What stands around every request: proxies, CORS, compression, and requests of other sites."""
