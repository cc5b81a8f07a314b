-- What `--dryrun` and `backlog` need on MySQL and MariaDB.
CREATE USER IF NOT EXISTS 'purge'@'%' IDENTIFIED BY 'choose a password';
GRANT SELECT ON tokenserver.services TO 'purge'@'%';
GRANT SELECT ON tokenserver.nodes TO 'purge'@'%';
GRANT SELECT ON tokenserver.users TO 'purge'@'%';
