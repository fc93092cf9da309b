-- Each voter's latest vote, and the tally that PostgreSQL keeps of it in the same transaction.

CREATE TABLE votes (
    voter_id text COLLATE "C" PRIMARY KEY CHECK (voter_id ~ '^[0-9A-Za-z_-]{1,64}$'),
    choice text COLLATE "C" NOT NULL CHECK (choice IN ('a', 'b')),
    -- The id of the vote's stream entry, <milliseconds>-<sequence>: the greater one is the later vote.
    version_ms bigint NOT NULL CHECK (version_ms >= 0),
    version_seq bigint NOT NULL CHECK (version_seq >= 0),
    cast_at timestamptz NOT NULL
);

CREATE TABLE tally (
    choice text COLLATE "C" PRIMARY KEY CHECK (choice IN ('a', 'b')),
    count bigint NOT NULL DEFAULT 0 CHECK (count >= 0)
);
INSERT INTO tally (choice) VALUES ('a'), ('b');

-- One row. Its lock is held from the change of the tally until the commit, so that revisions grow in the order of the
-- commits, and so that two transactions never wait for each other's rows of the tally.
CREATE TABLE tally_revision (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL DEFAULT 0
);
INSERT INTO tally_revision DEFAULT VALUES;

-- The tally as one row: what the result page reads and what it is notified of.
CREATE VIEW current_tally AS
SELECT
    r.revision,
    (SELECT count FROM tally WHERE choice = 'a') AS a,
    (SELECT count FROM tally WHERE choice = 'b') AS b
FROM tally_revision AS r;

-- SECURITY DEFINER: who writes votes needs no right to the tally, and so cannot falsify it.
CREATE FUNCTION change_tally(delta_a bigint, delta_b bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF delta_a = 0 AND delta_b = 0 THEN
        RETURN;
    END IF;
    UPDATE tally_revision SET revision = revision + 1;
    UPDATE tally SET count = count + CASE choice WHEN 'a' THEN delta_a ELSE delta_b END;
    PERFORM pg_notify('tally', (SELECT json_build_object('revision', revision, 'a', a, 'b', b)::text FROM current_tally));
END
$$;
REVOKE ALL ON FUNCTION change_tally(bigint, bigint) FROM PUBLIC;

CREATE FUNCTION count_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM change_tally(count(*) FILTER (WHERE choice = 'a'), count(*) FILTER (WHERE choice = 'b')) FROM after_rows;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM change_tally(
        coalesce(sum(way) FILTER (WHERE choice = 'a'), 0)::bigint,
        coalesce(sum(way) FILTER (WHERE choice = 'b'), 0)::bigint
    ) FROM (SELECT choice, 1 AS way FROM after_rows UNION ALL SELECT choice, -1 FROM before_rows) AS changes;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM change_tally(-count(*) FILTER (WHERE choice = 'a'), -count(*) FILTER (WHERE choice = 'b')) FROM before_rows;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM change_tally(-a, -b) FROM current_tally;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION count_inserted(), count_updated(), count_deleted(), count_truncated() FROM PUBLIC;

-- Statement-level with transition tables: one change of the tally for a batch, however many votes it has.
CREATE TRIGGER tally_after_insert AFTER INSERT ON votes
REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION count_inserted();
CREATE TRIGGER tally_after_update AFTER UPDATE ON votes
REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION count_updated();
CREATE TRIGGER tally_after_delete AFTER DELETE ON votes
REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION count_deleted();
CREATE TRIGGER tally_after_truncate AFTER TRUNCATE ON votes FOR EACH STATEMENT EXECUTE FUNCTION count_truncated();
