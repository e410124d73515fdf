import { sql } from "kysely";

/**
 * One function serves every journalled table. Its argument is the table's declared name, under which the keys of
 * partitions are filed, too.
 *
 * It reads the key's columns at each call: were they an argument, renaming one would break the service's writes.
 * It runs with its owner's rights, because a service's role may not write the journal, and therefore with a
 * `search_path` that nobody can put objects into. Keys are written in one style whatever the session's settings are.
 */
export const journalFunction = [
  sql`create or replace function earlybird.journal_rows() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set datestyle = 'ISO, YMD' set intervalstyle = 'postgres' set timezone = 'UTC'
    set extra_float_digits = 1 set bytea_output = 'hex'
    as $$
    declare
      key    text;
      source text;
      gone   boolean := tg_op in ('DELETE', 'TRUNCATE');
    begin
      select case when count(*) = 1 then min(format('w.%I::text', a.attname))
        else format('jsonb_build_array(%s)::text', string_agg(format('w.%I::text', a.attname), ', ' order by k.position)) end
      into key
      from pg_index i cross join lateral unnest(i.indkey) with ordinality k (attnum, position)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
      where i.indrelid = tg_relid and i.indisprimary and k.position <= i.indnkeyatts
      having count(*) > 0;
      if key is null then return null; end if;
      source := case
        when tg_level = 'ROW' then '(select ($1).*)'
        when tg_op = 'TRUNCATE' then format('only %s', tg_relid::regclass)
        when gone then 'removed'
        else 'written' end;
      source := format(
        'insert into earlybird.journal (relation, key, position, removed_at)
         select %L, n.key, n.position, %s
         from (select %s as key, nextval(''earlybird.journal_position'') as position from %s w) n
         on conflict (relation, key) do update
           set position = excluded.position, removed_at = coalesce(excluded.removed_at, journal.removed_at)',
        tg_argv[0], case when gone then 'n.position' else 'null::bigint' end, key, source);
      if tg_level <> 'ROW' then execute source;
      elsif gone then execute source using old;
      else execute source using new;
      end if;
      return null;
    end $$`,
  // Only triggers call it, for every writer.
  sql`revoke execute on function earlybird.journal_rows() from public`,
];
