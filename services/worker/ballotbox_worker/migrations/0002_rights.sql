-- Who may do what: the worker adds and replaces votes, the result page reads the tally, and nobody else does anything.
-- The login roles themselves, with their passwords, are made by ballotbox_worker.migrate before this file runs.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO worker, result;

-- ON CONFLICT DO UPDATE needs SELECT on every column that it reads through EXCLUDED.
GRANT SELECT, INSERT ON votes TO worker;
GRANT UPDATE (choice, version_ms, version_seq, cast_at) ON votes TO worker;

GRANT SELECT ON tally, current_tally TO result;

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO worker, result', current_database());
END
$$;
