-- Bookkeeping that cannot be rebuilt from the sources. Times are ISO-8601 UTC text that sorts in order of time.

create table identity (
    name  text primary key,          -- salesforce_org, salesforce_sandbox, jira:SITE
    value text not null
) strict;

create table runs (
    id        text primary key,
    command   text not null,
    pid       integer not null,
    began     text not null,
    ended     text,
    exit_code integer,
    summary   text                   -- JSON
) strict;

create table plans (                 -- those that were applied, or begun to be
    digest        text primary key,
    as_of         text not null,
    day           text not null,
    created_at    text not null,
    applied_at    text not null,
    config_digest text not null,
    pull_id       text,
    run_id        text not null
) strict;

create table ledger (
    id          integer primary key,
    run_id      text not null,
    plan_digest text not null references plans,
    object      text not null,
    action      text not null,       -- create, update, complete, delete
    record_id   text,
    key         text,
    change      text not null,       -- JSON of the whole change, before and after
    episode     text,                -- JSON of the episode step that the confirmation brings into force
    status      text not null,       -- intended, sent, confirmed, refused, skipped, absent
    code        text,
    message     text,
    at          text not null        -- of the last change of status
) strict;
create index ledger_open on ledger (status) where status in ('intended', 'sent');
create index ledger_run on ledger (run_id);

create table confirmed (             -- the last value of each field that the target confirmed
    object    text not null,
    record_id text not null,
    field     text not null,
    value     any,
    basis     text,                  -- JSON: what the words rest on
    as_of     text not null,
    pull_id   text,
    primary key (object, record_id, field)
) strict, without rowid;

create table tasks (                 -- Rapport's tasks as the target last confirmed them
    key         text primary key,
    task_id     text not null,
    fields      text not null,       -- JSON
    basis       text,                -- JSON
    day         text not null,       -- of the last write
    pull_id     text,
    closed      integer not null,    -- 1: completed or deleted by Rapport
    created_day text,                -- null: found in the org, not created from this store
    created_for text                 -- the owner it was created for
) strict, without rowid;
create index tasks_created on tasks (created_day);

create table episodes (
    key           text primary key,
    rule          text not null,
    account_id    text not null,
    subject_key   text not null,
    name          text not null,
    began         text not null,
    ended         text,
    task_id       text,
    outcome       text,
    outcome_at    text,
    blocked_until text
) strict, without rowid;

create table scores (                -- as confirmed in the target: history, hysteresis, trend
    account_id text not null,
    scorecard  text not null,
    as_of      text not null,
    score      real,
    band       text not null,
    primary key (account_id, scorecard, as_of)
) strict, without rowid;

create table quarantine (
    object     text not null,
    record     text not null,        -- record id, or the key of a task that could not be created
    account_id text,
    code       text,
    message    text,
    first_run  text not null,
    last_run   text not null,
    first_at   text not null,
    last_at    text not null,
    primary key (object, record)
) strict, without rowid;
