/*
 * A session with the teaching OS: a machine that has booted it, what it printed, and what
 * is typed. For tests; any failure of the machinery itself fails the test.
 */
#ifndef TESTS_GUESTS_OS_H
#define TESTS_GUESTS_OS_H

#include "machine/machine.h"

#define OS_OUTPUT_MAX (1 << 20)
#define OS_STEPS      400000000ull /* far beyond what any session here needs */

struct os_session {
    struct machine *machine;
    struct trace_subscriber subscriber;
    char *output;           /* NUL-terminated */
    size_t length, line;    /* of all, and of what stands before the last line */
    enum machine_stop stop; /* why it last came back */
};

/* The kernel's two builds: on the bare machine, and in a VM of technique para, of as much RAM. */
enum os_build { OS_NATIVE, OS_PARA, OS_BUILDS };

/* Boots build/guest/os.elf with the pack and runs until it waits for input, or ends. */
void os_start(struct os_session *s, const struct machine_config *config, const char *cmdline);
/* The same for one of the builds. What the monitor says by itself is not in the output. */
void os_start_as(struct os_session *s, const struct machine_config *config, const char *cmdline,
                 enum os_build build);
/* The same with this module in place of the pack; NULL: with none. */
void os_start_with(struct os_session *s, const struct machine_config *config,
                   const struct machine_module *module);
/* Types `text` and runs again. */
void os_type(struct os_session *s, const char *text);
/* Types the lines one at a time, each when the OS waits for it. NULL ends. */
void os_type_lines(struct os_session *s, const char *const *lines);
/* Types a line; what is printed then must be this answer, between the line and, if the shell
 * still lives, its prompt. */
struct os_exchange {
    const char *line, *answer;
};
void os_exchange(struct os_session *s, const struct os_exchange *e);
/* Forgets what was printed so far. */
void os_clear(struct os_session *s);
void os_end(struct os_session *s);

#endif
