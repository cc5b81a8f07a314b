-- What `--dryrun` and `backlog` need on MySQL and MariaDB.
CREATE USER 'purge'@'%' IDENTIFIED BY 'choose a password';
GRANT SELECT ON tokenserver.services TO 'purge'@'%';
GRANT SELECT ON tokenserver.nodes TO 'purge'@'%';
GRANT SELECT ON tokenserver.users TO 'purge'@'%';
