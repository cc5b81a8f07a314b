-- What the program needs on MySQL and MariaDB, and no more. Its user is 'purge', Tokenserver's database 'tokenserver'.
-- Can be run again, and after mysql-read-only.sql: a user that is there keeps its password.
CREATE USER IF NOT EXISTS 'purge'@'%' IDENTIFIED BY 'choose a password';
GRANT SELECT ON tokenserver.services TO 'purge'@'%';
GRANT SELECT, UPDATE (available, current_load) ON tokenserver.nodes TO 'purge'@'%';
GRANT SELECT, DELETE, UPDATE (replaced_at) ON tokenserver.users TO 'purge'@'%';
