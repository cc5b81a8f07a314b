-- What `--dryrun` and `backlog` need on PostgreSQL.
DO $$ BEGIN
    CREATE ROLE purge LOGIN PASSWORD 'choose a password';
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
GRANT SELECT ON services, nodes, users TO purge;
