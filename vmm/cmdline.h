/*
 * The monitor's command line: which VMs to run.
 *
 *   stay=on                   before the first VM: the monitor stays when all have ended
 *   vm=NAME [key=value ...]   one VM; keys until the next vm= belong to it
 *     technique=full          how to run it
 *     ram=16M                 bytes, or with K or M; whole pages, at least 1M
 *     min=4M                  of that, what it is promised; else all. The rest is its own while there
 *                             is enough for everybody
 *     share=on                pages that hold the same as others' are kept once
 *     kernel=os.elf           module that holds its kernel
 *     modules=A,B             modules it is given, in this order
 *     disk=0                  its disk: the machine's, or 64 sectors of it from 128 on as in
 *                             disk=128+64, or a module (disk.h)
 *     virtio=on               it has a virtio console and a virtio disk beside the others
 *     nested=on               it has hardware assist itself, as far as its technique can give it
 *     weight=256              its share of the processor against others', 1 to 65535
 *     cap=50                  the most it gets, in percent, even when nobody else wants it
 *     cmdline="words"         its kernel's command line
 *
 * A value with blanks stands in quotes, or in braces, which may hold others: a monitor in a
 * monitor is cmdline={vm=inner kernel=os.elf cmdline={init=shell quiet}}.
 */
#ifndef VMM_CMDLINE_H
#define VMM_CMDLINE_H

#include "vmm/lib.h"

struct technique;

struct disk_choice {
    bool given;
    word first, count;  /* sectors of the machine's; 0: all */
    struct slice image; /* or a module; empty: none */
};

/* Pieces of the command line itself: it must stay where it is. */
struct vm_description {
    struct slice name;
    const struct technique *technique;
    word ram;   /* bytes */
    word min;   /* bytes of it that are promised; 0: all */
    bool share; /* pages with others */
    struct slice kernel;
    struct slice modules; /* separated by commas, may be empty */
    struct disk_choice disk;
    bool nesting;
    bool virtio; /* devices reached by registers (vdev/virtio_mmio.c) */
    word weight; /* sched.h */
    word cap;    /* percent, 0: none */
    struct slice cmdline;
};

/* Words that stand before the first vm=, about the monitor itself. */
struct cmdline_options {
    bool stay; /* stay=on: it goes on without VMs, for commands may come (mgmt.h) */
};

/* At most `max` descriptions. False: `why` holds the sentence that the user reads. options NULL:
 * there are none. */
bool cmdline_parse(const char *text, struct cmdline_options *options, struct vm_description *out,
                   unsigned max, unsigned *count, struct line *why);

/* The one word `key`=value into *out; the same sentences. */
bool cmdline_value(const char *key, struct slice value, struct vm_description *out,
                   struct line *why);

/* Decimal digits and nothing else. */
bool cmdline_number(struct slice text, word *out);

/* Takes the first of a list separated by commas; false when the list is empty. */
bool cmdline_next(struct slice *list, struct slice *first);

#endif
