-- What `--dryrun` and `backlog` need on PostgreSQL.
CREATE ROLE purge LOGIN PASSWORD 'choose a password';
GRANT SELECT ON services, nodes, users TO purge;
