-- What the program needs on PostgreSQL, and no more. Its user is purge; run this in Tokenserver's database.
-- Can be run again, and after postgres-read-only.sql: a role that is there keeps its password.
DO $$ BEGIN
    CREATE ROLE purge LOGIN PASSWORD 'choose a password';
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
GRANT SELECT ON services, nodes, users TO purge;
GRANT UPDATE (available, current_load) ON nodes TO purge;
GRANT DELETE, UPDATE (replaced_at) ON users TO purge;
