#include "CStarters.h"

static const unsigned char b2b_software[] = {
#embed "../../examples/starters/b2b-software.yaml" suffix(,)
};

static const unsigned char e_commerce[] = {
#embed "../../examples/starters/e-commerce.yaml" suffix(,)
};

static const unsigned char education[] = {
#embed "../../examples/starters/education.yaml" suffix(,)
};

static const struct leadscore_starter starters[] = {
    {"b2b-software", b2b_software, sizeof b2b_software},
    {"e-commerce", e_commerce, sizeof e_commerce},
    {"education", education, sizeof education},
};

const struct leadscore_starter *leadscore_starter_at(size_t index) {
  return index < sizeof starters / sizeof *starters ? &starters[index] : NULL;
}
