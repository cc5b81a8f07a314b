-- What the program needs on PostgreSQL, and no more. Its user is purge; run this in Tokenserver's database.
CREATE ROLE purge LOGIN PASSWORD 'choose a password';
GRANT SELECT ON services, nodes, users TO purge;
GRANT UPDATE (available, current_load) ON nodes TO purge;
GRANT DELETE, UPDATE (replaced_at) ON users TO purge;
