/*
 * System calls: a table by number, one small function each. `a` are the six arguments;
 * what a user gave as a pointer is a number here, and goes through space_read and
 * space_write only.
 */
#include "guests/os/syscall.h"

#include "guests/lib/string.h"
#include "guests/os/arch.h"
#include "guests/os/directory.h"
#include "guests/os/disk.h"
#include "guests/os/elf.h"
#include "guests/os/layout.h"
#include "guests/os/proc.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"
#include "guests/os/vm.h"
#include "isa/paging.h"

static struct file *file_at(struct proc *p, word fd)
{
    return fd < FD_MAX ? p->files[fd] : NULL;
}

/* The first free descriptor, or -1. */
static int free_descriptor(const struct proc *p)
{
    for (int i = 0; i < FD_MAX; i++)
        if (!p->files[i])
            return i;
    return -1;
}

static int sys_exit(struct proc *p, const word *a)
{
    (void)p;
    proc_exit((int)(a[0] & 0xff));
}

static int sys_write(struct proc *p, const word *a)
{
    struct file *f = file_at(p, a[0]);

    return f ? file_write(f, &p->space, a[1], a[2]) : -ERROR_bad_descriptor;
}

static int sys_read(struct proc *p, const word *a)
{
    struct file *f = file_at(p, a[0]);

    return f ? file_read(f, &p->space, a[1], a[2]) : -ERROR_bad_descriptor;
}

/* `argv` is a user's array of pointers that ends with NULL. */
static int gather_arguments(struct proc *p, struct arguments *args, word argv)
{
    for (;; argv += 4) {
        word pointer;
        if (!space_read(&p->space, &pointer, argv, sizeof pointer))
            return -ERROR_bad_address;
        if (!pointer)
            return args->count ? 0 : -ERROR_invalid;
        if (args->count == ARGUMENTS_MAX)
            return -ERROR_too_long;
        int length = space_read_string(&p->space, args->text + args->size, pointer,
                                       sizeof args->text - args->size);
        if (length < 0)
            return length;
        args->size += (word)length + 1;
        args->count++;
    }
}

/* The name of a file or program. One that is too long for any is that of none. */
static int read_name(struct proc *p, char *name, word address)
{
    int length = space_read_string(&p->space, name, address, NAME_SIZE);

    if (length == -ERROR_too_long)
        return -ERROR_not_found;
    return length < 0 ? length : 0;
}

static int sys_spawn(struct proc *p, const word *a)
{
    char program[NAME_SIZE];
    struct file *in = file_at(p, a[2]), *out = file_at(p, a[3]);
    int error = read_name(p, program, a[0]);

    if (error)
        return error;
    if (!in || !out)
        return -ERROR_bad_descriptor;
    struct arguments *args = page_new();
    if (!args)
        return -ERROR_no_memory;
    error = gather_arguments(p, args, a[1]);
    int result = error ? error : proc_spawn(p, program, args, in, out, p->files[2]);
    page_free(args);
    return result;
}

/* The result goes into a0, and there a new program expects argc. */
static int sys_exec(struct proc *p, const word *a)
{
    char program[NAME_SIZE];
    int error = read_name(p, program, a[0]);

    if (error)
        return error;
    struct arguments *args = page_new();
    if (!args)
        return -ERROR_no_memory;
    error = gather_arguments(p, args, a[1]);
    if (!error)
        error = proc_exec(p, program, args);
    int result = error ? error : (int)args->count;
    page_free(args);
    return result;
}

static int sys_wait(struct proc *p, const word *a)
{
    int status, pid = proc_wait(p, (int)a[0], &status);

    if (pid > 0 && a[1] && !space_write(&p->space, a[1], &status, sizeof status))
        return -ERROR_bad_address;
    return pid;
}

static int sys_yield(struct proc *p, const word *a)
{
    (void)p, (void)a;
    word irq = irq_save();

    sched_yield();
    irq_restore(irq);
    return 0;
}

static int sys_sleep(struct proc *p, const word *a)
{
    uint64_t until = timer_now() + (uint64_t)a[0] * TICKS_PER_MS;
    word irq = irq_save();

    while (timer_now() < until)
        sched_sleep(p, until); /* a child that ends wakes this channel too */
    irq_restore(irq);
    return 0;
}

static int sys_getpid(struct proc *p, const word *a)
{
    (void)a;
    return p->pid;
}

/* Grows without pages: they come when they are touched. Shrinks at once. */
static int sys_sbrk(struct proc *p, const word *a)
{
    struct space *s = &p->space;
    word old = s->heap_end;
    word change = a[0]; /* signed, but sums come out the same */
    bool shrinks = (int)change < 0;

    if (shrinks ? 0 - change > old - s->heap_start : change > HEAP_LIMIT - old)
        return -ERROR_no_memory;
    if (!shrinks && change / PAGE_SIZE > page_free_count())
        return -ERROR_no_memory;
    s->heap_end = old + change;
    word first = (s->heap_end + PAGE_SIZE - 1) & PAGE_MASK;
    for (word page = first; page < old; page += PAGE_SIZE)
        space_unmap(s, page);
    return (int)old;
}

static int sys_processes(struct proc *p, const word *a)
{
    struct process_info info;
    word count = 0;

    for (unsigned i = 1; i < PROC_MAX && count < a[1]; i++) {
        if (!proc_describe(i, &info))
            continue;
        if (!space_write(&p->space, a[0] + count * sizeof info, &info, sizeof info))
            return -ERROR_bad_address;
        count++;
    }
    return (int)count;
}

static int sys_uptime(struct proc *p, const word *a)
{
    (void)p, (void)a;
    return (int)timer_to_ms(timer_now());
}

static int sys_disk_size(struct proc *p, const word *a)
{
    (void)p, (void)a;
    return (int)disk_size();
}

static int sys_disk_read(struct proc *p, const word *a)
{
    uint16_t sector[SECTOR_SIZE / 2];
    int error = disk_read(a[0], sector);

    if (!error && !space_write(&p->space, a[1], sector, sizeof sector))
        error = -ERROR_bad_address;
    return error;
}

static int sys_disk_write(struct proc *p, const word *a)
{
    uint16_t sector[SECTOR_SIZE / 2];

    if (!space_read(&p->space, sector, a[1], sizeof sector))
        return -ERROR_bad_address;
    return disk_write(a[0], sector);
}

static int sys_open(struct proc *p, const word *a)
{
    char name[NAME_SIZE];
    int fd = free_descriptor(p);
    int error = read_name(p, name, a[0]);

    if (error)
        return error;
    if (fd < 0)
        return -ERROR_no_room;
    error = file_open(&p->files[fd], name);
    return error ? error : fd;
}

static int sys_close(struct proc *p, const word *a)
{
    struct file *f = file_at(p, a[0]);

    if (!f)
        return -ERROR_bad_descriptor;
    p->files[a[0]] = NULL;
    file_close(f);
    return 0;
}

static int sys_pipe(struct proc *p, const word *a)
{
    struct file *from, *to;
    int error = file_pipe(&from, &to);
    int fds[2];

    if (error)
        return error;
    fds[0] = free_descriptor(p);
    if (fds[0] >= 0)
        p->files[fds[0]] = from;
    fds[1] = free_descriptor(p);
    if (fds[0] >= 0 && fds[1] >= 0) {
        p->files[fds[1]] = to;
        if (space_write(&p->space, a[0], fds, sizeof fds))
            return 0;
        p->files[fds[1]] = NULL;
        error = -ERROR_bad_address;
    } else {
        error = -ERROR_no_room;
    }
    if (fds[0] >= 0)
        p->files[fds[0]] = NULL;
    file_close(from);
    file_close(to);
    return error;
}

static int sys_list(struct proc *p, const word *a)
{
    struct stored_file f;
    char head[ELF_MAGIC_SIZE];

    if (!directory_at(&f, a[0]))
        return -ERROR_not_found;
    struct file_info info = {.size = f.size};
    int error = f.size < sizeof head ? 0 : directory_read(&f, 0, head, sizeof head);
    if (error)
        return error;
    info.is_program = elf_is_program(head, f.size);
    string_copy(info.name, f.name, sizeof info.name);
    return space_write(&p->space, a[1], &info, sizeof info) ? 0 : -ERROR_bad_address;
}

static int (*const calls[])(struct proc *p, const word *a) = {
#define SYSCALL(number, name, result, parameters, meaning) [number] = sys_##name,
#include "guests/syscalls.def"
#undef SYSCALL
};

void syscall_handle(struct trap_frame *frame)
{
    word number = frame->x[REG_A7];
    int result = -ERROR_bad_call;

    frame->epc += 4; /* back to behind the ecall */
    irq_on();
    if (number < COUNT_OF(calls))
        result = calls[number](sched_running(), &frame->x[REG_A0]);
    irq_off();
    frame->x[REG_A0] = (word)result;
}
