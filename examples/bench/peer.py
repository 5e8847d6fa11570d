#!/usr/bin/env python3
"""The other side of the benchmark: the same work by DuckDB, and plain writes by SQLite.

    peer.py load    FOLDER                           CSV into tables of DuckDB, both cores
    peer.py prepare FOLDER                           typed facts without duplicates; not measured
    peer.py score   FOLDER --document D [--store]    scores and rule points; D is base, changed or new-condition
    peer.py dump    FOLDER FILE                      what `score --store` stored, as CSV, in hundredths of a point
    peer.py insert  DATABASE FILE                    the events of a CSV file into a bare table, one transaction
    peer.py ready   DATABASE COUNT                   a table of scores for `update`; not measured
    peer.py update  DATABASE COUNT                   so many single-row updates by key, one transaction

FOLDER has leads.csv and events.csv; peer.duckdb is made beside them. Every command prints how many seconds it took
without the start of Python and the import of modules.

Scores are computed in integer hundredths of a point, instants are milliseconds, all as of 2026-11-01T00:00:00Z.
"""

import argparse
import csv
import json
import os
import sqlite3
import sys
import time
from types import SimpleNamespace

AS_OF = 1_793_491_200_000  # 2026-11-01T00:00:00Z
DAY = 86_400_000

# The documents ----------------------------------------------------------------------------------------------------
# What rules.yaml and its two variants say, as numbers: points in hundredths, durations in days. The conditions stand
# in the SQL below.


def decay(points, percent, linear=False):
    """The worth of an event by its age in steps, cut to whole hundredths at every step."""
    values = [points]
    for step in range(1, 100):
        before, keep = (points, max(0, 100 - percent * step)) if linear else (values[-1], 100 - percent)
        product = before * keep
        values.append(product // 100 if product >= 0 else -(-product // 100))
    return values


BASE = {
    "title_chief": 2500, "title_vp": 2000, "title_director": 1500, "title_manager": 1000, "student": -2000,
    "industry": 1250, "size_large": 2000, "size_middle": 1000, "country": 500, "referred": 725,
    "unsubscribed": -3000, "known_source": 100,
    "page_views": dict(points=50, within=90, limit=40),
    "pricing": dict(points=1000, within=180, limit=5, values=decay(1000, 50), step=30),
    "careers": dict(points=-500, limit=4),
    "docs": dict(points=200, within=60, limit=10),
    "long_reads": dict(points=300, within=26 * 7),
    "hot_week": dict(points=2000, within=7, at_least=3),
    "many_days": dict(points=1500, within=30, at_least=5),
    "opens": dict(points=100, within=90, limit=10, values=decay(100, 10, linear=True), step=7),
    "clicks": dict(points=400, within=90, values=decay(400, 25), step=14),
    "campaign": dict(points=600, within=365),
    "forms": dict(points=1200, within=120, limit=3),
    "webinar": dict(points=1500, within=365, limit=2),
    "no_show": dict(points=-300, within=90),
    "trial": dict(points=4000, within=60),
    "chat": dict(points=275, within=30, limit=4),
    "left": -2500,
    "gone_dark": dict(points=-500, span=28, repeat=6),
    "no_visits": dict(points=-1000, span=60, repeat=1),
    "docs_where": "contains(path, 'docs') AND duration >= 60",
}

CHANGED = BASE | {
    "title_chief": 3000, "title_vp": 2400, "title_director": 1800, "title_manager": 1100, "student": -2500,
    "industry": 1025, "size_large": 2200, "size_middle": 1200, "country": 600, "referred": 875,
    "unsubscribed": -3500, "known_source": 200,
    "page_views": dict(points=75, within=60, limit=30),
    "pricing": dict(points=900, within=150, limit=6, values=decay(900, 40), step=20),
    "careers": dict(points=-400, limit=5),
    "docs": dict(points=250, within=45, limit=8),
    "long_reads": dict(points=200, within=20 * 7),
    "hot_week": dict(points=1800, within=10, at_least=2),
    "many_days": dict(points=1200, within=28, at_least=4),
    "opens": dict(points=150, within=80, limit=12, values=decay(150, 15, linear=True), step=10),
    "clicks": dict(points=300, within=100, values=decay(300, 30), step=21),
    "campaign": dict(points=700, within=300),
    "forms": dict(points=1100, within=100, limit=4),
    "webinar": dict(points=1400, within=200, limit=3),
    "no_show": dict(points=-250, within=60),
    "trial": dict(points=4500, within=90),
    "chat": dict(points=325, within=20, limit=3),
    "left": -2000,
    "gone_dark": dict(points=-400, span=21, repeat=8),
    "no_visits": dict(points=-1200, span=45, repeat=1),
}

NEW_CONDITION = CHANGED | {"docs_where": "starts_with(path, '/blog') AND duration >= 120"}

DOCUMENTS = {"base": BASE, "changed": CHANGED, "new-condition": NEW_CONDITION}


def query(document):
    """One SELECT that gives every lead's score, grade, groups and rule points by a document."""
    words = {"as_of": AS_OF, "day": DAY, "hour": 3_600_000}
    for name, rule in document.items():
        if isinstance(rule, dict):
            rule = dict(rule)
            if "within" in rule:
                # An event counts when it is later than this, and its day or week when that is not earlier than it.
                rule["after"] = AS_OF - rule["within"] * DAY
            for span in ("step", "span"):
                if span in rule:
                    rule[span] *= DAY
            rule = SimpleNamespace(**rule)
        words[name] = rule
    return QUERY.format(**words)


# A family of rules is a CTE. Thursday was the first day of 1970, so ISO weeks begin on the Monday three days before.
QUERY = """
WITH
visible AS (  -- what `ignore` leaves
  SELECT lead, type, ms, path, duration, campaign
  FROM event
  WHERE ms <= {as_of} AND NOT (type = 'page_view' AND coalesce(duration < 3, false))
),

counted AS (  -- every and when without once_per and decay, and what silence needs
  SELECT lead,
    count(*) FILTER (type = 'page_view' AND ms > {page_views.after}) AS page_views,
    count(*) FILTER (type = 'page_view' AND starts_with(path, '/careers')) AS careers,
    count(*) FILTER (type = 'page_view' AND ms > {docs.after} AND {docs_where}) AS docs,
    count(*) FILTER (type = 'page_view' AND ms > {hot_week.after}) AS hot_week,
    count(*) FILTER (type = 'email_click' AND ms > {campaign.after}
                     AND campaign IN ('campaign-7', 'campaign-11', 'campaign-13')) AS campaign,
    count(*) FILTER (type IN ('form_submit', 'download') AND ms > {forms.after}) AS forms,
    count(*) FILTER (type = 'webinar_attended' AND ms > {webinar.after}) AS webinar,
    count(*) FILTER (type = 'webinar_registered' AND ms > {no_show.after}) AS no_show,
    count(*) FILTER (type = 'trial_start' AND ms > {trial.after}) AS trial,
    count(*) FILTER (type = 'unsubscribe') AS unsubscribes,
    max(ms) AS last_event,
    max(ms) FILTER (type = 'page_view') AS last_visit
  FROM visible
  GROUP BY lead
),

pricing_days AS (  -- once_per: the first of a day is found before the window cuts
  SELECT lead, min(ms) AS ms
  FROM visible
  WHERE type = 'page_view' AND path = '/pricing' AND ms >= {pricing.after} // {day} * {day}
  GROUP BY lead, ms // {day}
),
pricing_last AS (
  SELECT lead, ms, row_number() OVER (PARTITION BY lead ORDER BY ms DESC) AS nth
  FROM pricing_days
  WHERE ms > {pricing.after}
),
pricing AS (
  SELECT lead, sum({pricing.values}[({as_of} - ms) // {pricing.step} + 1]) AS points
  FROM pricing_last
  WHERE nth <= {pricing.limit}
  GROUP BY lead
),

reading_weeks AS (
  SELECT lead, min(ms) AS ms
  FROM visible
  WHERE type = 'page_view' AND duration > 300
    AND ms >= ({long_reads.after} // {day} + 3) // 7 * 7 * {day} - 3 * {day}
  GROUP BY lead, (ms // {day} + 3) // 7
),
reading AS (
  SELECT lead, count(*) AS weeks FROM reading_weeks WHERE ms > {long_reads.after} GROUP BY lead
),

visit_days AS (
  SELECT lead, min(ms) AS ms
  FROM visible
  WHERE type = 'page_view' AND ms >= {many_days.after} // {day} * {day}
  GROUP BY lead, ms // {day}
),
visits AS (
  SELECT lead, count(*) AS days FROM visit_days WHERE ms > {many_days.after} GROUP BY lead
),

opens_last AS (
  SELECT lead, ms, row_number() OVER (PARTITION BY lead ORDER BY ms DESC) AS nth
  FROM visible
  WHERE type = 'email_open' AND ms > {opens.after}
),
opens AS (
  SELECT lead, sum({opens.values}[({as_of} - ms) // {opens.step} + 1]) AS points
  FROM opens_last
  WHERE nth <= {opens.limit}
  GROUP BY lead
),

click_days AS (
  SELECT lead, min(ms) AS ms
  FROM visible
  WHERE type = 'email_click' AND ms >= {clicks.after} // {day} * {day}
  GROUP BY lead, ms // {day}
),
clicks AS (
  SELECT lead, sum({clicks.values}[({as_of} - ms) // {clicks.step} + 1]) AS points
  FROM click_days
  WHERE ms > {clicks.after}
  GROUP BY lead
),

chat_hours AS (
  SELECT lead, min(ms) AS ms
  FROM visible
  WHERE type = 'chat' AND ms >= {chat.after} // {hour} * {hour}
  GROUP BY lead, ms // {hour}
),
chats AS (
  SELECT lead, count(*) AS hours FROM chat_hours WHERE ms > {chat.after} GROUP BY lead
),

points AS (  -- a column a rule
  SELECT
    lead.id, lead.key,
    CASE WHEN lower(title) IN ('ceo', 'cto') THEN {title_chief} ELSE 0 END AS "title-chief",
    CASE WHEN starts_with(lower(title), 'vp') THEN {title_vp} ELSE 0 END AS "title-vp",
    CASE WHEN contains(lower(title), 'director') OR contains(lower(title), 'head')
      THEN {title_director} ELSE 0 END AS "title-director",
    CASE WHEN ends_with(lower(title), 'manager') THEN {title_manager} ELSE 0 END AS "title-manager",
    CASE WHEN lower(title) = 'student' THEN {student} ELSE 0 END AS "student",
    CASE WHEN lower(industry) IN ('software', 'finance') THEN {industry} ELSE 0 END AS "industry",
    CASE WHEN employees >= 500 THEN {size_large} ELSE 0 END AS "size-large",
    CASE WHEN employees >= 50 AND employees < 500 THEN {size_middle} ELSE 0 END AS "size-middle",
    CASE WHEN coalesce(lower(country), '') NOT IN ('india', 'brazil') THEN {country} ELSE 0 END AS "country",
    CASE WHEN lower(source) = 'referral' OR lower(source) LIKE 'part%' THEN {referred} ELSE 0 END AS "referred",
    CASE WHEN unsubscribed THEN {unsubscribed} ELSE 0 END AS "unsubscribed",
    CASE WHEN source IS NOT NULL THEN {known_source} ELSE 0 END AS "known-source",
    least(coalesce(page_views, 0), {page_views.limit}) * {page_views.points} AS "page-views",
    coalesce(pricing.points, 0) AS "pricing",
    least(coalesce(careers, 0), {careers.limit}) * {careers.points} AS "careers",
    least(coalesce(docs, 0), {docs.limit}) * {docs.points} AS "docs",
    coalesce(reading.weeks, 0) * {long_reads.points} AS "long-reads",
    CASE WHEN hot_week >= {hot_week.at_least} THEN {hot_week.points} ELSE 0 END AS "hot-week",
    CASE WHEN visits.days >= {many_days.at_least} THEN {many_days.points} ELSE 0 END AS "many-days",
    coalesce(opens.points, 0) AS "opens",
    coalesce(clicks.points, 0) AS "clicks",
    CASE WHEN campaign > 0 THEN {campaign.points} ELSE 0 END AS "campaign",
    least(coalesce(forms, 0), {forms.limit}) * {forms.points} AS "forms",
    least(coalesce(webinar, 0), {webinar.limit}) * {webinar.points} AS "webinar",
    CASE WHEN lower(source) IS DISTINCT FROM 'event'
      THEN coalesce(no_show, 0) * {no_show.points} ELSE 0 END AS "no-show",
    CASE WHEN trial > 0 THEN {trial.points} ELSE 0 END AS "trial",
    least(coalesce(chats.hours, 0), {chat.limit}) * {chat.points} AS "chat",
    CASE WHEN unsubscribes > 0 THEN {left} ELSE 0 END AS "left",
    least(greatest(0, {as_of} - coalesce(last_event, created_at)) // {gone_dark.span}, {gone_dark.repeat})
      * {gone_dark.points} AS "gone-dark",
    least(greatest(0, {as_of} - coalesce(last_visit, created_at)) // {no_visits.span}, {no_visits.repeat})
      * {no_visits.points} AS "no-visits"
  FROM lead
  LEFT JOIN counted ON counted.lead = lead.id
  LEFT JOIN pricing ON pricing.lead = lead.id
  LEFT JOIN reading ON reading.lead = lead.id
  LEFT JOIN visits ON visits.lead = lead.id
  LEFT JOIN opens ON opens.lead = lead.id
  LEFT JOIN clicks ON clicks.lead = lead.id
  LEFT JOIN chats ON chats.lead = lead.id
),

inner_groups AS (
  SELECT *,
    greatest("title-chief", "title-vp", "title-director", "title-manager") AS "job-level",
    least(12000, "page-views" + "pricing" + "careers" + "docs" + "long-reads" + "hot-week" + "many-days") AS "web",
    least(6000, "opens" + "clicks" + "campaign") AS "mail"
  FROM points
),

groups AS (
  SELECT *,
    least(10000, greatest(0, "job-level" + "student" + "industry" + "size-large" + "size-middle" + "country"
      + "referred" + "unsubscribed" + "known-source")) AS "fit",
    least(20000, greatest(-10000, "web" + "mail" + "forms" + "webinar" + "no-show" + "trial" + "chat" + "left"
      + "gone-dark" + "no-visits")) AS "engagement"
  FROM inner_groups
)

SELECT
  key,
  least(30000, greatest(0, "fit" + "engagement")) AS score,
  CASE WHEN "fit" >= 4000 THEN 'A' WHEN "fit" >= 2000 THEN 'B' ELSE 'C' END
    || CASE WHEN "engagement" >= 6000 THEN '1' WHEN "engagement" >= 2000 THEN '2' ELSE '3' END AS grade,
  {columns}
FROM groups
"""

GROUPS = ["fit", "job-level", "engagement", "web", "mail"]
RULES = [name.replace("_", "-") for name in BASE if name != "docs_where"]
COLUMNS = [f'"{name}"::INTEGER AS "groups.{name}"' for name in GROUPS]
COLUMNS += [f'"{name}"::INTEGER AS "rules.{name}"' for name in RULES]
QUERY = QUERY.replace("{columns}", ",\n  ".join(COLUMNS))

# The commands ------------------------------------------------------------------------------------------------------


def connect(folder):
    import duckdb

    return duckdb.connect(os.path.join(folder, "peer.duckdb"), config={"threads": os.cpu_count() or 1})


def load(options):
    """CSV into typed tables, nothing else: no keys, no duplicates removed, no scores."""
    path = os.path.join(options.folder, "peer.duckdb")
    for name in (path, path + ".wal"):
        if os.path.exists(name):
            os.remove(name)
    yield  # the clock starts
    database = connect(options.folder)
    database.execute("SET preserve_insertion_order = false")
    database.execute(
        "CREATE TABLE csv_leads (email VARCHAR, created_at TIMESTAMP, title VARCHAR, country VARCHAR,"
        " industry VARCHAR, employees INTEGER, source VARCHAR, unsubscribed BOOLEAN)")
    database.execute(
        "CREATE TABLE csv_events (email VARCHAR, type VARCHAR, occurred_at TIMESTAMP, path VARCHAR,"
        " duration INTEGER, campaign VARCHAR)")
    for table, file in (("csv_leads", "leads.csv"), ("csv_events", "events.csv")):
        database.execute(f"COPY {table} FROM '{os.path.join(options.folder, file)}' (FORMAT csv, HEADER, NULLSTR '')")
    database.close()


def prepare(options):
    """Facts as scoring needs them: leads numbered, duplicate events gone, in order of time."""
    yield
    database = connect(options.folder)
    database.execute("SET preserve_insertion_order = true")
    database.execute(
        "CREATE TABLE lead AS SELECT row_number() OVER ()::INTEGER AS id, trim(lower(email)) AS key,"
        " epoch_ms(created_at) AS created_at, title, country, industry, employees, source, unsubscribed"
        " FROM csv_leads")
    database.execute(
        "CREATE TABLE event AS SELECT DISTINCT lead.id AS lead, type, epoch_ms(occurred_at) AS ms, path, duration,"
        " campaign FROM csv_events JOIN lead ON lead.key = trim(lower(csv_events.email)) ORDER BY ms")
    database.close()


def score(options):
    """All rules of a document over all facts. Without --store only sums leave the query."""
    yield
    database = connect(options.folder)
    select = query(DOCUMENTS[options.document])
    if options.store:
        database.execute(f"CREATE OR REPLACE TABLE score AS {select}")
    else:
        database.execute(f"SELECT count(*), sum(score), count(*) FILTER (grade = 'A1') FROM ({select})").fetchall()
    database.close()


def dump(options):
    yield
    connect(options.folder).execute(f"COPY score TO '{options.file}' (FORMAT csv, HEADER)")


def insert(options):
    """Plain inserts into a table without indexes; SQLite's own defaults, so the commit is durable."""
    yield
    with open(options.file, newline="") as file:
        rows = list(csv.reader(file))[1:]
    database = sqlite3.connect(options.database, isolation_level=None)
    database.execute("BEGIN")
    database.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.execute("COMMIT")
    database.close()


def ready(options):
    yield
    database = sqlite3.connect(options.database)
    database.execute("CREATE TABLE IF NOT EXISTS score (key TEXT PRIMARY KEY, score INTEGER, scored_at INTEGER)")
    database.execute("INSERT OR REPLACE INTO score SELECT email, length(title), 0 FROM leads")
    database.execute("CREATE TABLE IF NOT EXISTS due (key TEXT)")
    database.execute("DELETE FROM due")
    database.execute("INSERT INTO due SELECT email FROM leads ORDER BY random() LIMIT ?", (options.count,))
    database.commit()
    database.close()


def update(options):
    """Each row is found by its key, through the index; one durable transaction."""
    database = sqlite3.connect(options.database, isolation_level=None)
    keys = database.execute("SELECT key FROM due LIMIT ?", (options.count,)).fetchall()
    database.close()
    yield
    database = sqlite3.connect(options.database, isolation_level=None)
    database.execute("BEGIN")
    database.executemany("UPDATE score SET score = score + 1, scored_at = 1 WHERE key = ?", keys)
    database.execute("COMMIT")
    database.close()


def main():
    parser = argparse.ArgumentParser(description="The other side of the benchmark.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in (load, prepare, score, dump):
        sub = commands.add_parser(command.__name__)
        sub.add_argument("folder")
        sub.set_defaults(steps=command)
        if command is score:
            sub.add_argument("--document", choices=DOCUMENTS, default="base")
            sub.add_argument("--store", action="store_true")
        if command is dump:
            sub.add_argument("file")
    for command in (insert, ready, update):
        sub = commands.add_parser(command.__name__)
        sub.add_argument("database")
        sub.add_argument(*(["file"] if command is insert else ["count"]), **({} if command is insert else {"type": int}))
        sub.set_defaults(steps=command)
    options = parser.parse_args()
    if options.command in ("load", "prepare", "score", "dump"):
        import duckdb  # noqa: F401: its import is not measured
    steps = options.steps(options)
    next(steps)  # up to the yield: what is not measured
    start = time.perf_counter()
    next(steps, None)
    json.dump({"seconds": time.perf_counter() - start}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
