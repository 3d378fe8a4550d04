/*
 * Processes: their table, how they begin and how they end.
 */
#ifndef OS_PROC_H
#define OS_PROC_H

#include "guests/abi.h"
#include "guests/os/file.h"
#include "guests/os/space.h"
#include "guests/os/types.h"

#define PROC_MAX 32 /* the first is the idle process; an ASID for each, there are 512 */
#define FD_MAX   8

/* What survives a call (entry.S, context_switch). */
struct context {
    word ra, sp, s[12];
};

struct proc {
    enum process_state state;
    int pid;
    struct proc *parent; /* NULL: nobody waits for it */
    char name[NAME_SIZE];
    struct space space;
    char *stack; /* of the kernel, for this process; stays with the slot */
    struct context context;
    const void *channel; /* what it waits for */
    uint64_t wake_at;    /* when it waits no longer, TIMER_NEVER */
    uint64_t time_used;
    int status; /* once ended */
    struct file *files[FD_MAX];
};

/* Arguments of a program, on their way from one space to another. Fits into a page. */
struct arguments {
    word count, size;
    char text[2048]; /* one string behind the other, each with its NUL */
};
/* 0 or a negative error. */
int arguments_add(struct arguments *a, const char *s);

/* The start-up code becomes the idle process, number 0 of the table. */
void proc_init(char *idle_stack);
/* i < PROC_MAX */
struct proc *proc_at(unsigned i);

/* Starts a program of the pack; a->text begins with its name. The files become its descriptors 0,
 * 1 and 2; NULL: it has none there. Its pid, or a negative error. */
int proc_spawn(struct proc *parent, const char *program, const struct arguments *a, struct file *in,
               struct file *out, struct file *err);
/* The running process becomes another program: new memory, a new beginning; number, parent,
 * children and descriptors stay. 0: its frame is that of the new program, whose argc is to be in
 * a0. A negative error: nothing has changed. */
int proc_exec(struct proc *p, const char *program, const struct arguments *a);
/* Ends the running process. When it was the first one, turns the machine off. */
_Noreturn void proc_exit(int status);
/* See syscalls.def, wait. */
int proc_wait(struct proc *parent, int pid, int *status);
/* False: the slot is free. */
bool proc_describe(unsigned i, struct process_info *info);

#endif
