#ifndef LEADSCORE_CSTARTERS_H
#define LEADSCORE_CSTARTERS_H

#include <stddef.h>

// One rule file of the folder examples/starters/, embedded byte for byte.
struct leadscore_starter {
  const char *name;          // without `.yaml`
  const unsigned char *text; // UTF-8, not terminated
  size_t count;              // bytes in text
};

// The starters, the default first; NULL beyond the last.
const struct leadscore_starter *leadscore_starter_at(size_t index);

#endif
