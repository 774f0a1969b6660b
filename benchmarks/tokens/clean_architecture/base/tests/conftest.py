from app.infrastructure.persistence_sqla.mappings.all import map_tables

map_tables()
