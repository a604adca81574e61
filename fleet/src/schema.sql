-- What a registry adds to the engine's tables. Applied once, in one transaction, behind the engine's own migrations.
create schema fleet;

-- What this file is. Raised with every change of it.
create function fleet.version() returns int language sql immutable as 'select 1';

-- A row per key. Whoever opens a job takes it for share, whoever seals it for update: a seal waits for all openers.
create table fleet.key (
    key text primary key
        check (key ~ '^[]!#-.0-?A-[^-~]+/[]!#-.0-?A-[^-~]+@v(0|[1-9][0-9]{0,4})$' and split_part(key, '@v', 2)::int < 65536),
    state text not null default 'open' check (state in ('open', 'draining', 'sealed', 'retired')),
    retired_at timestamptz,
    retired_lsn pg_lsn
);

-- One result a job, written in the statement that ends the job.
create table fleet.result (
    job text primary key references apalis.jobs (id) on delete cascade,
    worker text not null,
    value bytea not null
);
-- Uncompressed, so that a section of it is read without the rest.
alter table fleet.result alter value set storage external;

-- What is to be told of an attempt: that it was started alone, and how it ended if it brought no result. An attempt
-- that a lost worker's sweep ended has no row, or one without an end.
create table fleet.attempt (
    job text not null references apalis.jobs (id) on delete cascade,
    number int not null,
    worker text not null,
    alone boolean not null default false,
    ended text check (ended in ('failed', 'released', 'lost')),
    error text,
    at timestamptz not null default now(),
    primary key (job, number)
);

-- Jobs that belong together, and jobs that are held until all of those are done.
create table fleet.batch (
    name text primary key,
    missing int not null,
    info jsonb not null,
    at timestamptz not null default now()
);
create table fleet.member (
    job text primary key references apalis.jobs (id) on delete cascade,
    batch text not null references fleet.batch on delete cascade,
    held boolean not null
);
create index member_batch on fleet.member (batch) where held;

-- The moment that a job is due from: past enough that no clock which goes back stalls it, in the order of the calls.
create function fleet.due() returns timestamptz language sql stable as $$ select now() - interval '1 day' $$;
-- When a job is due that is held.
create function fleet.never() returns timestamptz language sql immutable as $$ select timestamptz '9999-01-01 00:00:00+00' $$;

create function fleet.is_open(status text, attempts int, max_attempts int) returns boolean language sql immutable as
$$ select status in ('Pending', 'Queued', 'Running') or status = 'Failed' and attempts < max_attempts $$;

-- Whether jobs of this key may be opened, and holds that answer true until the transaction ends.
create function fleet.admit(wanted text) returns void language plpgsql as $$
declare
    found_state text;
begin
    select state into found_state from fleet.key where key = wanted for share;
    if found_state is null then
        raise exception 'no such key: %', wanted using errcode = 'FL001',
            hint = 'A worker that has it makes it known, and so does "fleet init --key".';
    elsif found_state in ('sealed', 'retired') then
        raise exception '% is %', wanted, found_state using errcode = 'FL002',
            hint = 'No job of it may be opened any more.';
    end if;
end $$;

-- Every insert, whoever does it. An id that is no ULID would end every worker of its key, as would metadata without
-- a value.
create function fleet.on_insert() returns trigger language plpgsql as $$
declare
    wanted text;
begin
    for wanted in select distinct job_type from fresh order by 1 loop
        perform fleet.admit(wanted);
    end loop;
    select id into wanted from fresh where id !~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$' limit 1;
    if found then
        raise exception 'no ULID: %', wanted using errcode = 'FL003';
    end if;
    if exists (select from fresh where length(job) > 1048576) then
        raise exception 'a payload of more than 1 MiB' using errcode = 'FL004';
    end if;
    if exists (select from fresh where array_position(avals(metadata), null) is not null) then
        raise exception 'metadata without a value' using errcode = 'FL003';
    end if;
    return null;
end $$;
create trigger fleet_insert after insert on apalis.jobs
    referencing new table as fresh for each statement execute function fleet.on_insert();

-- Every other way to open a job: a retry on the board, a sweep that came late, a job that gets another key. Its past is
-- forgotten.
create function fleet.on_open() returns trigger language plpgsql as $$
begin
    perform fleet.admit(new.job_type);
    new.attempts := 0;
    delete from fleet.attempt where job = old.id;
    delete from fleet.result where job = old.id;
    if found then
        update fleet.batch b set missing = missing + 1 from fleet.member m
        where m.job = old.id and not m.held and b.name = m.batch;
    end if;
    return new;
end $$;
create trigger fleet_open before update on apalis.jobs for each row
    when (old.job_type is distinct from new.job_type
        or fleet.is_open(new.status, new.attempts, new.max_attempts)
            and not fleet.is_open(old.status, old.attempts, old.max_attempts))
    execute function fleet.on_open();

-- Makes a key known. What is known stays as it is.
create function fleet.announce(keys text[]) returns void language sql as
$$ insert into fleet.key (key) select unnest(keys) on conflict do nothing $$;

-- Opens a job, in the caller's transaction, and answers with its id. The same token or id again, of the same key, is
-- the same job: nothing is opened, and the id is the first one's. In a `batch` the job counts; `held`, it waits for
-- those that do.
create function fleet.enqueue(
    key text, payload bytea, token text default null, id text default null, batch text default null, held boolean default false
) returns text language plpgsql as $$
declare
    opened text := coalesce(id, apalis.generate_ulid());
    known text;
begin
    insert into apalis.jobs (id, job_type, job, status, attempts, max_attempts, run_at, priority, idempotency_key)
    values (opened, key, payload, 'Pending', 0, 1000000, case when held then fleet.never() else fleet.due() end, 0, token)
    on conflict do nothing;
    if not found then
        select j.id into known from apalis.jobs j
        where j.job_type = key and (j.idempotency_key = token or j.id = opened);
        if known is null then
            raise exception 'the id % is another key''s', opened using errcode = 'FL003';
        end if;
        return known;
    end if;
    if enqueue.batch is not null then
        insert into fleet.member (job, batch, held) values (opened, enqueue.batch, enqueue.held);
        if not held then
            update fleet.batch set missing = missing + 1 where name = enqueue.batch;
        end if;
    end if;
    return opened;
end $$;

-- The last result of a batch lets those go that are held. Every result takes the batch's row, so one is the last.
create function fleet.on_result() returns trigger language plpgsql as $$
declare
    own text;
    remaining int;
begin
    select batch into own from fleet.member where job = new.job and not held;
    if found then
        update fleet.batch set missing = missing - 1 where name = own returning missing into remaining;
        if remaining = 0 then
            update apalis.jobs set run_at = fleet.due()
            where run_at = fleet.never() and id in (select job from fleet.member where batch = own and held);
        end if;
    end if;
    return null;
end $$;
create trigger fleet_result after insert on fleet.result for each row execute function fleet.on_result();

-- Sections of a result: offsets of 4 bytes, one more than sections, then the sections.
create function fleet.section(value bytea, number int) returns bytea language sql immutable as $$
    select substr(value, 1 + low, high - low) from (
        select ('x' || encode(substr(head, 1, 4), 'hex'))::bit(32)::int, ('x' || encode(substr(head, 5, 4), 'hex'))::bit(32)::int
        from (select substr(value, 1 + 4 * number, 8)) as h (head)
    ) as o (low, high)
$$;

-- The processes that have a session here: one that was killed has none, one that is stopped or cut off has.
create function fleet.processes() returns setof text language sql stable as
$$ select distinct application_name from pg_stat_activity where datname = current_database() $$;

-- What of a lease may run. `attempts` counts the leases that ended, so those that nobody told of are unfinished starts.
-- After two of them a job is leased alone: all others go back. When it has killed three workers so, it is dead.
create function fleet.suspect(holder text, ids text[]) returns table (job text, alone boolean) language plpgsql as $$
#variable_conflict use_column
declare
    one record;
    chosen text;
    killed text[] := '{}';
begin
    for one in
        select j.id, j.attempts - (select count(*) from fleet.attempt a where a.job = j.id and a.ended is not null) as unfinished,
            (select count(*) from fleet.attempt a
                where a.job = j.id and a.alone and a.ended is null and split_part(a.worker, ' ', 1) not in (select fleet.processes())) as kills
        from apalis.jobs j where j.id = any(ids) and j.lock_by = holder order by j.id for update
    loop
        if one.kills >= 3 then
            killed := killed || one.id;
        elsif one.unfinished >= 2 and chosen is null then
            chosen := one.id;
        end if;
    end loop;
    update apalis.jobs set status = 'Killed', done_at = now(), lock_by = null, attempts = attempts + 1,
        last_result = '{"Err": "it killed three workers"}' where id = any(killed);
    if chosen is not null then
        update apalis.jobs set status = 'Pending', lock_by = null, lock_at = null
        where id = any(ids) and id <> chosen and id <> all(killed) and lock_by = holder;
        return query select chosen, true;
    else
        return query select id, false from unnest(ids) as id where id <> all(killed);
    end if;
end $$;

-- A start alone: the first transaction of such a job. False if the lease is lost.
create function fleet.start_alone(holder text, id text, attempt int) returns boolean language plpgsql as $$
begin
    perform from apalis.jobs j where j.id = start_alone.id and j.lock_by = holder and j.attempts = attempt - 1 for share;
    if not found then
        return false;
    end if;
    insert into fleet.attempt (job, number, worker, alone) values (id, attempt, holder, true)
    on conflict (job, number) do update set worker = holder, alone = true, ended = null, at = now();
    return true;
end $$;

-- Between two heartbeats. Answers with what `holder` runs and does not hold any more, and says of it that it was no
-- kill; takes back what it holds and does not run: a lease whose answer was lost. And where the clock went back, what
-- it left in the future is now.
create function fleet.renew(holder text, keyname text, ids text[], numbers int[]) returns setof text language plpgsql as $$
begin
    update apalis.jobs set status = 'Pending', lock_by = null, lock_at = null, attempts = attempts + 1
    where lock_by = holder and status in ('Queued', 'Running') and id <> all(ids);
    update apalis.workers set last_seen = now() where last_seen > now() + interval '1 minute';
    update apalis.jobs set run_at = fleet.due()
    where job_type = keyname and priority = 0 and status = 'Failed' and attempts < max_attempts
        and run_at > now() + interval '5 minutes' and run_at < fleet.never();
    return query select fleet.lose(holder, array_agg(job), array_agg(number)) from unnest(ids, numbers) as g (job, number)
        where not exists (select from apalis.jobs j
            where j.id = g.job and j.lock_by = holder and j.attempts = g.number - 1 and j.status in ('Queued', 'Running'));
end $$;

create function fleet.lose(holder text, ids text[], numbers int[]) returns setof text language sql as $$
    insert into fleet.attempt (job, number, worker, ended)
    select g.job, g.number, holder, 'lost' from unnest(ids, numbers) as g (job, number) join apalis.jobs j on j.id = g.job
    on conflict (job, number) do update set ended = 'lost' where fleet.attempt.ended is null;
    select unnest(ids)
$$;

-- Ends attempts: with a value, a failure, or neither, which gives the job back. Only of who holds the job, in the
-- attempt that it holds it for; answers with those that were refused. Results and ends are this one statement. A job
-- that failed is tried again after 1 s, then 4 s, then it is dead.
create function fleet.finish(holder text, ids text[], numbers int[], vals bytea[], errors text[]) returns setof text
language sql set enable_hashjoin = off set enable_mergejoin = off as $$
    with given as (
        select * from unnest(ids, numbers, vals, errors) as g (job, number, value, error)
    ), mine as (
        select g.* from given g join apalis.jobs j on j.id = g.job
        where j.lock_by = holder and j.attempts = g.number - 1 and j.status in ('Queued', 'Running')
        order by j.id for update of j
    ), stored as (
        insert into fleet.result (job, worker, value) select job, holder, value from mine where value is not null
    ), told as (
        insert into fleet.attempt (job, number, worker, ended, error)
        select job, number, holder, case when error is null then 'released' else 'failed' end, error
        from mine where value is null
        on conflict (job, number) do update set ended = excluded.ended, error = excluded.error
    ), counted as (
        select *, (select count(*) from fleet.attempt a where a.job = mine.job and a.ended = 'failed') as before from mine
    ), closed as (
        update apalis.jobs j set
            status = case when value is not null then 'Done' when error is null then 'Pending'
                when before >= 2 then 'Killed' else 'Failed' end,
            attempts = number,
            lock_by = null,
            lock_at = null,
            done_at = case when value is not null or error is not null and before >= 2 then now() end,
            run_at = case when error is null then run_at else now() + interval '1 second' * 4 ^ before end,
            last_result = case when value is not null then jsonb_build_object('Ok', length(value) || ' bytes')
                when error is not null then jsonb_build_object('Err', error) end
        from counted c where j.id = c.job
    )
    select fleet.lose(holder, array_agg(job), array_agg(number)) from given where job not in (select job from mine)
$$;

-- open, draining, sealed, retired: only forwards. A second time is no error.
create function fleet.move(wanted text, target text) returns fleet.key language plpgsql as $$
declare
    order_of constant text[] := '{open,draining,sealed,retired}';
    row fleet.key;
    open_jobs bigint;
begin
    select * into row from fleet.key where key = wanted for update;
    if not found then
        raise exception 'no such key: %', wanted using errcode = 'FL001';
    elsif row.state = target then
        return row;
    elsif array_position(order_of, row.state) > array_position(order_of, target) then
        raise exception '% is % already', wanted, row.state using errcode = 'FL005';
    elsif target = 'retired' then
        if row.state <> 'sealed' then
            raise exception '% is %: seal it first', wanted, row.state using errcode = 'FL005';
        end if;
        -- A statement of its own, begun when the row was locked: it sees every job that was opened before the seal.
        select count(*) into open_jobs from apalis.jobs
        where job_type = wanted and fleet.is_open(status, attempts, max_attempts);
        if open_jobs > 0 then
            raise exception '% has % open jobs', wanted, open_jobs using errcode = 'FL005';
        end if;
        update fleet.key set state = target, retired_at = clock_timestamp(), retired_lsn = pg_current_wal_lsn()
        where key = wanted returning * into row;
        return row;
    end if;
    update fleet.key set state = target where key = wanted returning * into row;
    return row;
end $$;

-- What there is of each key.
create function fleet.status() returns table (
    key text, state text, ready bigint, held bigint, leased bigint, done bigint, dead bigint, workers bigint, oldest_s float8,
    retired_at timestamptz, retired_lsn text
) language sql stable as $$
    select k.key, k.state, coalesce(j.ready, 0), coalesce(j.held, 0), coalesce(j.leased, 0), coalesce(j.done, 0),
        coalesce(j.dead, 0), coalesce(w.workers, 0),
        extract(epoch from fleet.due() - j.oldest)::float8, k.retired_at, k.retired_lsn::text
    from fleet.key k left join (
        select job_type,
            count(*) filter (where status in ('Pending', 'Failed') and attempts < max_attempts and run_at < fleet.never()) as ready,
            count(*) filter (where status = 'Pending' and run_at = fleet.never()) as held,
            count(*) filter (where status in ('Queued', 'Running')) as leased,
            count(*) filter (where status = 'Done') as done,
            count(*) filter (where status = 'Killed' or status = 'Failed' and attempts >= max_attempts) as dead,
            min(run_at) filter (where status = 'Pending' and run_at < fleet.never()) as oldest
        from apalis.jobs group by job_type
    ) j on j.job_type = k.key left join (
        select worker_type, count(*) as workers from apalis.workers
        where split_part(id, ' ', 1) in (select fleet.processes()) group by worker_type
    ) w on w.worker_type = k.key
    order by split_part(k.key, '@v', 1), split_part(k.key, '@v', 2)::int
$$;
