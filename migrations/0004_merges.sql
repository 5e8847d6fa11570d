-- Leads that turned out to be one person, and the keys that each of them goes by.
--
-- Merging B into A keeps both rows of `lead`. A stands for both: its row, events, signals and scores are those of the
-- union of their facts. What each of them brought, then and since, stays apart in the tables below, so that a merge can
-- be undone. B has no events, signals or scores while it is merged; its history stays where it is.

CREATE TABLE lead_merge (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT, -- history refers to it; it never stands for another merge
  lead_id            INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE, -- merged away
  into_id            INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE, -- stands for it
  as_of              INTEGER NOT NULL,
  recorded_at        INTEGER NOT NULL,
  person             TEXT,    -- NULL where an import said that both are one
  reason             TEXT    NOT NULL,
  undone_as_of       INTEGER,
  undone_recorded_at INTEGER,
  undone_by          TEXT,
  undone_reason      TEXT,
  CHECK (lead_id <> into_id)
) STRICT;

-- A lead is merged into one other at most.
CREATE UNIQUE INDEX lead_merge_in_force ON lead_merge (lead_id) WHERE undone_as_of IS NULL;
CREATE INDEX lead_merge_by_lead ON lead_merge (lead_id);
CREATE INDEX lead_merge_by_target ON lead_merge (into_id);

-- Every lead of a group that was merged, the one that stands for it too, with its own facts.
CREATE TABLE lead_member (
  lead_id          INTEGER PRIMARY KEY REFERENCES lead (id) ON DELETE CASCADE,
  root_id          INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE, -- the lead that stands for the group
  created_at       INTEGER NOT NULL,
  created_is_given INTEGER NOT NULL CHECK (created_is_given IN (0, 1)),
  attributes       TEXT    NOT NULL -- a JSON object
) STRICT;

CREATE INDEX lead_member_by_root ON lead_member (root_id, lead_id);

-- The events that came under a member's own key, each once, as body of `event_page` has them, in order of arrival.
CREATE TABLE member_event_page (
  id       INTEGER PRIMARY KEY,
  lead_id  INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL CHECK (last_at >= first_at),
  count    INTEGER NOT NULL CHECK (count > 0),
  body     TEXT    NOT NULL
) STRICT;

CREATE INDEX member_event_page_by_lead ON member_event_page (lead_id, id);

-- The scores of leads that are merged into another, as they stood when they were.
CREATE TABLE member_score (
  model_id         INTEGER NOT NULL REFERENCES model (id),
  lead_id          INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  version          INTEGER NOT NULL,
  score            INTEGER NOT NULL,
  stage            TEXT,
  rule_stage       TEXT,
  entered_stage_at INTEGER NOT NULL,
  grade            TEXT,
  groups           TEXT    NOT NULL,
  rules            TEXT    NOT NULL,
  scored_at        INTEGER NOT NULL,
  next_change_at   INTEGER,
  PRIMARY KEY (model_id, lead_id)
) STRICT, WITHOUT ROWID;

-- Erasing a person erases the leads that were merged into theirs.
CREATE TRIGGER lead_member_goes_with_its_root BEFORE DELETE ON lead
WHEN EXISTS (SELECT 1 FROM lead_member WHERE root_id = old.id AND lead_id <> old.id)
BEGIN
  DELETE FROM lead WHERE id IN (SELECT lead_id FROM lead_member WHERE root_id = old.id AND lead_id <> old.id);
END;

-- When a message that names no instant was first received, by the SHA-256 of the message: the same one again is the
-- same event, whenever it is imported again.
CREATE TABLE message_receipt (
  digest      TEXT PRIMARY KEY,
  received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Views for people ----------------------------------------------------------------------------------------------

CREATE VIEW v_merges AS
SELECT lead_merge.id AS merge,
       coalesce(merged.key_as_given, merged.key) AS key,
       coalesce(target.key_as_given, target.key) AS into_key,
       strftime('%Y-%m-%dT%H:%M:%fZ', lead_merge.as_of / 1000.0, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%fZ', lead_merge.recorded_at / 1000.0, 'unixepoch') AS recorded_at,
       lead_merge.person,
       lead_merge.reason,
       strftime('%Y-%m-%dT%H:%M:%fZ', lead_merge.undone_as_of / 1000.0, 'unixepoch') AS undone_at,
       lead_merge.undone_by,
       lead_merge.undone_reason
FROM lead_merge
JOIN lead AS merged ON merged.id = lead_merge.lead_id
JOIN lead AS target ON target.id = lead_merge.into_id;

-- Leads as before, with the key of the lead that stands for one that was merged.
DROP VIEW v_leads;

CREATE VIEW v_leads AS
SELECT lead.id AS lead_id,
       coalesce(lead.key_as_given, lead.key) AS key,
       strftime('%Y-%m-%dT%H:%M:%fZ', lead.created_at / 1000.0, 'unixepoch') AS created_at,
       lead.attributes,
       (SELECT coalesce(root.key_as_given, root.key) FROM lead_member JOIN lead AS root ON root.id = lead_member.root_id
        WHERE lead_member.lead_id = lead.id AND lead_member.root_id <> lead.id) AS merged_into
FROM lead;
