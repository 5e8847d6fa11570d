#!/bin/sh
# Walks through leadscore on a sample database. Every command is shown before it runs.
set -eu

BIN=${BIN:-.build/release}
DIR=${DEMO_DIR:-demo}
HERE=$(dirname "$0")
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') green=$(printf '\033[32m') plain=$(printf '\033[0m')
else
  bold= green= plain=
fi

rm -rf "$DIR"
mkdir -p "$DIR"
LEADSCORE_DB=$DIR/leads.db
export LEADSCORE_DB
AS_OF=2026-11-20T00:00:00Z

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
leadscore() {
  printf '%s$ leadscore' "$green"
  for word in "$@"; do
    case $word in *[!A-Za-z0-9@._/=:,%+-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
  done
  printf '%s\n' "$plain"
  "$BIN/leadscore" "$@"
}

say "A seeded sample: some thousand leads of a B2B software company, and what they did in a year."
"$BIN/ScoreBench" sample "$DIR" --leads 3000 --seed 7 --until 2026-11-20

say "A database with the starter rules for B2B software, in the file $LEADSCORE_DB."
leadscore init --starter b2b-software --as-of "$AS_OF"

say "Leads and events go in; scores are brought up to date in the same transaction."
leadscore import leads "$DIR/leads.csv" --as-of "$AS_OF"
leadscore import events "$DIR/events.csv" "$DIR/recent.jsonl" --as-of "$AS_OF"

say "The same file again changes nothing."
leadscore import events "$DIR/recent.jsonl" --as-of "$AS_OF"

say "Who is worth a call?"
leadscore leads list --limit 8 --as-of "$AS_OF"

key=$("$BIN/leadscore" leads list --stage sql --limit 1 --format csv --as-of "$AS_OF" | tail -n 1 | cut -d, -f1)
say "Why has $key this score? Down to the event."
leadscore explain "$key" --as-of "$AS_OF"

say "Marketing and sales agree on new rules. What differs?"
leadscore rules add "$HERE/rules-v2.yaml" --by marketing --note "pricing page counts more" --as-of "$AS_OF"
leadscore rules diff 1 2

say "What would version 2 have said of $key, had it been active all along?"
leadscore history "$key" --reconstruct --version 2 --stage-changes --as-of "$AS_OF"

say "What would they change? Nothing that scores changes; what comes out is kept as plan 1."
leadscore rules preview 2 --by country --capacity 10 --top 5 --as-of "$AS_OF"

say "Apply exactly that, unless more than 5 % of all leads change their stage."
leadscore rules apply 2 --plan 1 --yes --by sales --max-stage-changes 5%
leadscore history --cause rules --stage-changes --limit 5 --as-of "$AS_OF"

LATER=2026-12-20T00:00:00Z
say "A month passes without a visit. Scores fall by themselves, each at its instant."
leadscore score --as-of "$LATER"
leadscore history "$key" --chart --as-of "$LATER"

say "The same as a page to look at, and the whole database as it stood before."
leadscore history "$key" --html "$DIR/history.html" --limit 3 --as-of "$LATER"
leadscore leads list --at "$AS_OF" --limit 3 --as-of "$LATER"

say "The sales-qualified leads, for the sales team's spreadsheet."
leadscore export --as-of "$LATER" --columns key,score,stage,entered_stage_at,company,title,country -o "$DIR/sql.csv"
head -n 5 "$DIR/sql.csv"

say "All of it is one SQLite file that any tool can read: sqlite3 $LEADSCORE_DB 'SELECT * FROM v_scores LIMIT 3'"
leadscore db info
