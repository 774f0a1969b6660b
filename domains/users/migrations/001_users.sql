-- AUTOINCREMENT: the id of a deleted account is never given to another
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT,
    role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    created_at_utc TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- one email is one account, whatever its case
CREATE UNIQUE INDEX users_email ON users (lower(email));
