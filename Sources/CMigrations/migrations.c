#include "CMigrations.h"

static const unsigned char m0001[] = {
#embed "../../migrations/0001_initial.sql" suffix(,)
};

static const unsigned char m0002[] = {
#embed "../../migrations/0002_history_append.sql" suffix(,)
};

static const unsigned char m0003[] = {
#embed "../../migrations/0003_handoff_ledger.sql" suffix(,)
};

static const unsigned char m0004[] = {
#embed "../../migrations/0004_merges.sql" suffix(,)
};

static const unsigned char m0005[] = {
#embed "../../migrations/0005_history_checks.sql" suffix(,)
};

static const unsigned char m0006[] = {
#embed "../../migrations/0006_lead_blocks.sql" suffix(,)
};

static const unsigned char m0007[] = {
#embed "../../migrations/0007_recent_changes.sql" suffix(,)
};

static const unsigned char m0008[] = {
#embed "../../migrations/0008_history_runs.sql" suffix(,)
};

static const unsigned char m0009[] = {
#embed "../../migrations/0009_recent_change.sql" suffix(,)
};

static const struct leadscore_migration migrations[] = {
    {"0001_initial.sql", m0001, sizeof m0001},
    {"0002_history_append.sql", m0002, sizeof m0002},
    {"0003_handoff_ledger.sql", m0003, sizeof m0003},
    {"0004_merges.sql", m0004, sizeof m0004},
    {"0005_history_checks.sql", m0005, sizeof m0005},
    {"0006_lead_blocks.sql", m0006, sizeof m0006},
    {"0007_recent_changes.sql", m0007, sizeof m0007},
    {"0008_history_runs.sql", m0008, sizeof m0008},
    {"0009_recent_change.sql", m0009, sizeof m0009},
};

const size_t leadscore_migration_count = sizeof migrations / sizeof *migrations;

const struct leadscore_migration *leadscore_migration_at(size_t index) {
  return index < leadscore_migration_count ? &migrations[index] : NULL;
}
