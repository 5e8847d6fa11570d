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

static const unsigned char m0010[] = {
#embed "../../migrations/0010_record_columns.sql" suffix(,)
};

static const struct leadscore_migration migrations[] = {
    {"0001_initial.sql",
     "1db475ca55c25c3b119dd10ebdbaa6bde4aaf498d5801700a764b74d44e6dffb",
     m0001, sizeof m0001},
    {"0002_history_append.sql",
     "2c767c67839763e7d3300617bd98a0fa2bf5f3f9f8f34c98c27363cbe1793ad4",
     m0002, sizeof m0002},
    {"0003_handoff_ledger.sql",
     "71d12b40a7e1c6600a61fe6babb93a63a4027bdb68936c6a552141e66a780f4a",
     m0003, sizeof m0003},
    {"0004_merges.sql",
     "efc3cf7cdbfa95370555e236285929507fd8c098939f9711f67c1aa38dd2a7c3",
     m0004, sizeof m0004},
    {"0005_history_checks.sql",
     "5502a3ed0b5050b279ee1b997af9bcf4ae936797e35156fcb65096541c23fa1a",
     m0005, sizeof m0005},
    {"0006_lead_blocks.sql",
     "ba74cacf356b8c4a069738d175330c77ace79b3e00039e093f23304a6d4d7447",
     m0006, sizeof m0006},
    {"0007_recent_changes.sql",
     "9d39d4777798a02a0d6bc96eba1a9ac1b6367a1e7d466bfaf49429305d1a5329",
     m0007, sizeof m0007},
    {"0008_history_runs.sql",
     "ed6d8e17db59cde45ca268d8ec28b471d3aa238f4153afa738cac88659c66fa7",
     m0008, sizeof m0008},
    {"0009_recent_change.sql",
     "93b16d98a86c91d374d7769d4f66c71e5c84a73cd702e8611aee8fedbbe7e887",
     m0009, sizeof m0009},
    {"0010_record_columns.sql",
     "8df9415002afe1893bc511a34235823226d4cb67293717a9df5dd2c9a673b4a9",
     m0010, sizeof m0010},
};

const size_t leadscore_migration_count = sizeof migrations / sizeof *migrations;

const struct leadscore_migration *leadscore_migration_at(size_t index) {
  return index < leadscore_migration_count ? &migrations[index] : NULL;
}
