-- What became of every file, once. Text compares in byte order everywhere, so that Postgres and JavaScript agree.

create table downloads (
  media_id text collate "C" primary key,
  trace_id text collate "C" not null,
  assignment_id text collate "C",
  attachment_url text collate "C" not null,
  blob_path text collate "C" not null,
  status text collate "C" not null,
  attempts bigint not null,
  bytes bigint,
  sha256 text collate "C",
  content_type text collate "C",
  error_class text collate "C",
  error_message text collate "C",
  http_status integer,
  download_ms bigint,
  upload_ms bigint,
  finished_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- Lists go by media_id, within a status or an assignment.
create index downloads_status_media_id on downloads (status, media_id);
create index downloads_assignment_id_media_id on downloads (assignment_id, media_id);
