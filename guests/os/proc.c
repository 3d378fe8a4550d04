/*
 * Processes. A slot of the table goes FREE -> STARTING -> READY <-> RUNNING <-> WAITING
 * -> ENDED -> FREE; ENDED is left when the parent has asked for the status, or at once when there is no
 * parent to ask.
 */
#include "guests/os/proc.h"

#include "guests/lib/string.h"
#include "guests/os/arch.h"
#include "guests/os/directory.h"
#include "guests/os/exec.h"
#include "guests/os/printk.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"
#include "guests/os/trap.h"
#include "guests/os/vm.h"

static struct proc table[PROC_MAX];
static int last_pid;

int arguments_add(struct arguments *a, const char *s)
{
    word size = (word)strlen(s) + 1;

    if (a->count == ARGUMENTS_MAX || size > sizeof a->text - a->size)
        return -ERROR_too_long;
    memcpy(a->text + a->size, s, size);
    a->size += size;
    a->count++;
    return 0;
}

void proc_init(char *idle_stack)
{
    struct proc *idle = &table[0];

    string_copy(idle->name, "idle", sizeof idle->name);
    idle->stack = idle_stack;
    idle->wake_at = TIMER_NEVER;
    sched_init(idle);
}

struct proc *proc_at(unsigned i)
{
    return &table[i];
}

static struct proc *free_slot(void)
{
    for (unsigned i = 1; i < PROC_MAX; i++)
        if (table[i].state == PROCESS_FREE)
            return &table[i];
    return NULL;
}

static struct file *shared(struct file *f)
{
    if (f)
        file_share(f);
    return f;
}

/* Where the registers of its user program lie while the kernel runs. */
static struct trap_frame *frame_of(const struct proc *p)
{
    return (void *)(p->stack + KERNEL_STACK_SIZE - FRAME_SIZE);
}

/* Memory, program and arguments. What was begun is taken back when it fails. */
static int prepare(struct proc *p, const struct stored_file *file, const struct arguments *a)
{
    if (!p->stack && !(p->stack = page_new()))
        return -ERROR_no_memory;
    if (!space_init(&p->space, (word)(p - table)))
        return -ERROR_no_memory;
    int error = exec_load(&p->space, frame_of(p), file, a);
    if (error)
        space_free(&p->space);
    return error;
}

int proc_spawn(struct proc *parent, const char *program, const struct arguments *a, struct file *in,
               struct file *out, struct file *err)
{
    struct stored_file file;
    struct proc *p = free_slot();

    if (!directory_find(&file, program))
        return -ERROR_not_found;
    if (!p)
        return -ERROR_no_room;
    p->state = PROCESS_STARTING; /* the disk may keep us waiting: nobody else takes the slot */
    p->parent = NULL;
    int error = prepare(p, &file, a);
    if (error) {
        p->state = PROCESS_FREE;
        return error;
    }
    p->context = (struct context){.ra = (word)trap_return, .sp = (word)frame_of(p)};
    sched_guard_stack(p);
    string_copy(p->name, program, sizeof p->name);
    p->parent = parent;
    p->pid = ++last_pid;
    p->wake_at = TIMER_NEVER;
    p->time_used = 0;
    p->files[0] = shared(in);
    p->files[1] = shared(out);
    p->files[2] = shared(err);
    sched_ready(p);
    return p->pid;
}

/*
 * The new space is complete before the old one goes: whatever fails, the caller still has its
 * own. Both have the same ASID, so between the last use of the old and the first of the new
 * the TLB must forget it; space_free sees to that.
 */
int proc_exec(struct proc *p, const char *program, const struct arguments *a)
{
    struct stored_file file;
    struct space space;

    if (!directory_find(&file, program))
        return -ERROR_not_found;
    if (!space_init(&space, p->space.asid))
        return -ERROR_no_memory;
    int error = exec_load(&space, frame_of(p), &file, a);
    word irq = irq_save();
    if (!error) {
        struct space old = p->space;
        p->space = space;
        space = old;
        vm_activate_kernel(); /* before the tables that are in use go away */
        string_copy(p->name, program, sizeof p->name);
    }
    space_free(&space);
    vm_activate(p->space.root, p->space.asid);
    irq_restore(irq);
    return error;
}

/* Children of a process that ends have nobody left to wait for them. */
static void abandon_children(const struct proc *parent)
{
    for (unsigned i = 1; i < PROC_MAX; i++) {
        if (table[i].parent != parent || table[i].state == PROCESS_FREE)
            continue;
        table[i].parent = NULL;
        if (table[i].state == PROCESS_ENDED)
            table[i].state = PROCESS_FREE;
    }
}

void proc_exit(int status)
{
    struct proc *p = sched_running();

    for (unsigned i = 0; i < FD_MAX; i++) {
        if (p->files[i])
            file_close(p->files[i]);
        p->files[i] = NULL;
    }
    if (p->pid == 1)
        power_off((word)(status & STATUS_KILLED ? 128 + (status & 31) : status));
    irq_off();
    vm_activate_kernel(); /* before the tables that are in use go away */
    space_free(&p->space);
    abandon_children(p);
    p->status = status;
    p->state = p->parent ? PROCESS_ENDED : PROCESS_FREE;
    if (p->parent)
        sched_wake(p->parent);
    sched_switch();
    panic("process %d runs after its end", p->pid);
}

/* One that has ended; *any: there is one at all, so waiting makes sense. */
static struct proc *find_child(const struct proc *parent, int pid, bool *any)
{
    *any = false;
    for (unsigned i = 1; i < PROC_MAX; i++) {
        struct proc *p = &table[i];
        if (p->state == PROCESS_FREE || p->parent != parent || (pid && p->pid != pid))
            continue;
        *any = true;
        if (p->state == PROCESS_ENDED)
            return p;
    }
    return NULL;
}

int proc_wait(struct proc *parent, int pid, int *status)
{
    word irq = irq_save();
    struct proc *child;
    bool any;

    while (!(child = find_child(parent, pid, &any)) && any)
        sched_sleep(parent, TIMER_NEVER);
    int result = -ERROR_no_child;
    if (child) {
        result = child->pid;
        *status = child->status;
        child->state = PROCESS_FREE;
    }
    irq_restore(irq);
    return result;
}

bool proc_describe(unsigned i, struct process_info *info)
{
    const struct proc *p = &table[i];

    if (p->state == PROCESS_FREE || p->state == PROCESS_STARTING)
        return false;
    *info = (struct process_info){
        .pid = p->pid,
        .parent = p->parent ? p->parent->pid : 0,
        .state = p->state,
        .milliseconds = timer_to_ms(p->time_used),
        .pages = p->space.pages,
        .faults = p->space.faults,
    };
    string_copy(info->name, p->name, sizeof info->name);
    return true;
}
