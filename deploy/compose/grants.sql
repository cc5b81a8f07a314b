-- What the program needs, and no more, as in docs/grants/mysql.sql. The user itself is made by secrets/databases.sql.
GRANT SELECT ON tokenserver.services TO 'purge'@'%';
GRANT SELECT, UPDATE (available, current_load) ON tokenserver.nodes TO 'purge'@'%';
GRANT SELECT, DELETE, UPDATE (replaced_at) ON tokenserver.users TO 'purge'@'%';
