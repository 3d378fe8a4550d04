/*
 * Running scripts from text, for tests: what they print, what they check, how they fail.
 */
#ifndef TESTS_SCRIPT_SCRIPTS_H
#define TESTS_SCRIPT_SCRIPTS_H

#include "script/script.h"

#define SCRIPT_OUTPUT (1 << 16)

struct run {
    int code; /* of script_open or script_run */
    struct error err;
    char output[SCRIPT_OUTPUT]; /* printed lines */
    size_t length;
    unsigned checks, failed;
    char first_failed[256];
    char detail[2048];
};

/* Opens "test.lua" with this text and runs it to its end. `instructions` and `memory`: 0 usual. */
void run_text(struct run *r, const char *text, uint64_t instructions, size_t memory);
/* The same for a file. */
void run_path(struct run *r, const char *path);

/*
 * Lua: a machine `m` of 1 MiB with the program of tests/world/programs.h that prints "hi\n",
 * counts a0 to 5 and powers off with status 7, 22 steps in all.
 */
#define PRINT                                                                                      \
    "local m = tz.machine { name = 'm', ram = '1M' } "                                             \
    "for i, w in ipairs { 0x100002b7, 0x06800313, 0x00628023, 0x06900313, 0x00628023, "            \
    "0x00a00313, 0x00628023, 0x00500593, 0x00150513, 0xfeb51ee3, 0x001002b7, 0x00073337, "         \
    "0x33330313, 0x0062a023, 0x0000006f } do "                                                     \
    "m.mem.hpa:set_u32(0x80000000 + 4 * i - 4, w) end m.regs.pc = 0x80000000\n"

#endif
