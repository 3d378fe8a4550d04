/* The table of registers.def as data; see registers.h. */
#include "isa/registers.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name, *numeric, *role;
} registers[REGISTER_COUNT] = {
#define REGISTER(number, name, role) [number] = {#name, "x" #number, role},
#include "isa/registers.def"
#undef REGISTER
};

const char *register_name(unsigned number)
{
    assert(number < REGISTER_COUNT);
    return registers[number].name;
}

const char *register_role(unsigned number)
{
    assert(number < REGISTER_COUNT);
    return registers[number].role;
}

int register_find(const char *name)
{
    if (strcmp(name, "fp") == 0)
        name = "s0";
    for (int i = 0; i < REGISTER_COUNT; i++)
        if (strcmp(registers[i].name, name) == 0 || strcmp(registers[i].numeric, name) == 0)
            return i;
    return -1;
}
