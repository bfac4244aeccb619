-- Run once, by the image, on an empty data directory. The API connects as this role: it cannot write,
-- whatever its code does. Schemas are made later, by the workers, one per
-- application id: hence the role that reads all data, and not grants on each.
create role millrace_readonly login password 'millrace_readonly';
alter role millrace_readonly set default_transaction_read_only = on;
grant pg_read_all_data to millrace_readonly;
revoke temporary on database millrace from public;
