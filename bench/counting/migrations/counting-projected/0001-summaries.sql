-- What each customer's orders come to.
create table summaries (
  customer text collate "C" primary key,
  value jsonb not null,
  version bigint not null
) with (fillfactor = 80);
