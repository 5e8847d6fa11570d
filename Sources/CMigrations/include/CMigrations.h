#ifndef LEADSCORE_CMIGRATIONS_H
#define LEADSCORE_CMIGRATIONS_H

#include <stddef.h>

// One file of the folder migrations/, embedded byte for byte.
struct leadscore_migration {
  const char *name;         // the file's name
  const char *digest;       // what `sha256sum` says of it, so that no start of the program has to
  const unsigned char *sql; // UTF-8, not terminated
  size_t count;             // bytes in sql
};

// How many files there are.
extern const size_t leadscore_migration_count;

// The files in order of their numbers; NULL beyond the last.
const struct leadscore_migration *leadscore_migration_at(size_t index);

#endif
