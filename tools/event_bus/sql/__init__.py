"""Events in the application's database, SQLite or PostgreSQL: in the transaction that publishes them."""
