/*
 * What the kernel and its programs agree on, besides the list of calls (syscalls.def).
 */
#ifndef GUESTS_ABI_H
#define GUESTS_ABI_H

#include <stdint.h>

enum syscall_error {
#define ERROR(number, name, text) ERROR_##name = (number),
#include "guests/errors.def"
#undef ERROR
};

/* What `wait` reports: the status given to exit, or, for a process that the kernel ended,
 * this bit and the cause of its trap (isa/causes.def). */
#define STATUS_KILLED 0x100

#define NAME_SIZE     16 /* of a program or file, with the NUL */
#define ARGUMENTS_MAX 16
#define SECTOR_SIZE   512

enum process_state {
    PROCESS_FREE,
    PROCESS_STARTING, /* never seen by programs */
    PROCESS_READY,
    PROCESS_RUNNING,
    PROCESS_WAITING,
    PROCESS_ENDED,
};

struct process_info {
    int32_t pid;
    int32_t parent;        /* 0: none */
    int32_t state;         /* enum process_state */
    uint32_t milliseconds; /* of processor time */
    uint32_t pages;        /* of memory that are really there */
    uint32_t faults;       /* page faults that were answered with a page */
    char name[NAME_SIZE];
};

struct file_info {
    char name[NAME_SIZE];
    uint32_t size;
    uint32_t is_program;
};

#endif
