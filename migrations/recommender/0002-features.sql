-- The features. Pages of the hot tables keep room, so that an update finds its new version a place beside the old one.

create table item_popularity (
  item_id text collate "C" primary key,
  score bigint not null,
  updated_at timestamptz not null default now()
) with (fillfactor = 70);
-- No index on the score: it would have to change with every count, and /reco sorts the items only while Redis is away.

create table co_visitation (
  prev_item_id text collate "C",
  next_item_id text collate "C",
  cnt bigint not null,
  primary key (prev_item_id, next_item_id)
) with (fillfactor = 80);

create table co_visitation_out (
  item_id text collate "C" primary key,
  cnt bigint not null
) with (fillfactor = 70);

create table co_visitation_in (
  item_id text collate "C" primary key,
  cnt bigint not null
) with (fillfactor = 70);

create table user_history (
  user_id text collate "C",
  pos bigint,
  item_id text collate "C" not null,
  ts timestamptz not null,
  primary key (user_id, pos)
);

-- The number of each user's newest entry: the version that an append compares.
create table user_history_newest (
  user_id text collate "C" primary key,
  pos bigint not null
) with (fillfactor = 80);
