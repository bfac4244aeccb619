-- The logs: what happened, each event once. Text compares in byte order everywhere, so that Postgres, Redis and JavaScript agree.

create table impressions (
  event_id text collate "C",
  position integer,
  user_id text collate "C" not null,
  session_id text collate "C" not null,
  request_id text collate "C" not null,
  ts_ms bigint not null,
  server_received_ts_ms bigint,
  item_id text collate "C" not null,
  feed_id text collate "C",
  slot text collate "C",
  context jsonb,
  created_at timestamptz not null default now(),
  primary key (event_id, position)
);
create index impressions_user_id_ts_ms on impressions (user_id, ts_ms desc);
create index impressions_request_id on impressions (request_id);

create table watches (
  event_id text collate "C" primary key,
  user_id text collate "C" not null,
  session_id text collate "C" not null,
  request_id text collate "C" not null,
  ts_ms bigint not null,
  server_received_ts_ms bigint,
  item_id text collate "C" not null,
  watch_time_sec double precision not null,
  percent_watched double precision,
  ended boolean,
  playback_speed double precision,
  rebuffer_count bigint,
  context jsonb,
  created_at timestamptz not null default now()
);
create index watches_user_id_ts_ms on watches (user_id, ts_ms desc);
create index watches_request_id on watches (request_id);

create table events (
  event_id text collate "C" primary key,
  user_id text collate "C" not null,
  item_id text collate "C" not null,
  event_type text collate "C" not null,
  ts timestamptz not null
);
