-- What every account scored at each run, and what it would have scored before the first one. Cannot be rebuilt: measures
-- without a history of their own are known only from the day on which they were looked at.

create table score_runs (
    id       integer primary key,
    as_of    text not null,
    digest   text not null,           -- of the part of the config that decides scores
    run_id   text,
    replayed integer not null,        -- 1: worked out afterwards, from what was known then
    unique (as_of, digest)
) strict;

create table score_history (
    score_run  integer not null references score_runs on delete cascade,
    account_id text not null,
    scorecard  text not null,
    score      integer,
    capped     real,
    confidence real not null,
    band       text not null,
    partial    integer not null,      -- 1: without the measures that have no history
    primary key (score_run, account_id, scorecard)
) strict, without rowid;

create table band_changes (           -- since when each scorecard has been in which band
    account_id text not null,
    scorecard  text not null,
    as_of      text not null,
    band       text not null,
    primary key (account_id, scorecard, as_of)
) strict, without rowid;
