/* The list of techniques; see technique.h. */
#include "vmm/technique.h"

static const struct technique *const techniques[] = {
    &technique_full, &technique_bt, &technique_assist, &technique_npt, &technique_para,
};

const struct technique *technique_find(struct slice name)
{
    for (unsigned i = 0; i < COUNT_OF(techniques); i++)
        if (slice_is(name, techniques[i]->name))
            return techniques[i];
    return NULL;
}

void technique_names(struct line *l)
{
    for (unsigned i = 0; i < COUNT_OF(techniques); i++) {
        if (i)
            line_str(l, ", ");
        line_str(l, techniques[i]->name);
    }
}
