/*
 * Management; see mgmt.h. What comes from outside is checked here, whatever it is: a malformed
 * command is answered with what is wrong, and changes nothing.
 *
 *   interrupt -> pending -> between two runs of VMs: read, find its row, carry out, answer
 */
#include "vmm/mgmt.h"

#include "vmm/arch.h"
#include "vmm/cmdline.h"
#include "vmm/platform.h"
#include "vmm/technique.h"
#include "vmm/time.h"
#include "vmm/vm.h"
#include "vmm/vmm.h"

#include "isa/paging.h"

enum { OK, REFUSED };

/* ---- the answer --------------------------------------------------------------------------- */

static void answer(const struct line *l)
{
    for (unsigned i = 0; i < l->length; i++)
        arch_mailbox_write(MAILBOX_DATA, (uint8_t)l->text[i]);
    arch_mailbox_write(MAILBOX_DATA, '\n');
}

static word refuse(struct slice which, const char *what)
{
    struct line l = {.length = 0};

    line_slice(&l, which);
    line_str(&l, what);
    answer(&l);
    return REFUSED;
}

static word done(const char *name, const char *what)
{
    struct line l = {.length = 0};

    line_str(&l, name);
    line_str(&l, what);
    answer(&l);
    return OK;
}

static word cannot(const struct vm *vm, const char *why)
{
    done(vm->name, why);
    return REFUSED;
}

static void field(struct line *l, const char *name, uint64_t value)
{
    line_char(l, ' ');
    line_str(l, name);
    line_char(l, '=');
    line_dec64(l, value);
}

/* Of pages. */
static uint64_t kib(word pages)
{
    return (uint64_t)pages << PAGE_SHIFT >> 10;
}

/* ---- words -------------------------------------------------------------------------------- */

/* Takes the first word of a text, and the one blank behind it. */
static struct slice next_word(struct slice *text)
{
    struct slice word_ = {text->at, 0};

    while (word_.length < text->length && text->at[word_.length] != ' ')
        word_.length++;
    unsigned gone = word_.length < text->length ? word_.length + 1 : word_.length;
    text->at += gone;
    text->length -= gone;
    return word_;
}

static struct vm *find_vm(struct vmm *vmm, struct slice name)
{
    for (unsigned i = 0; i < vmm->vm_slots; i++)
        if (vmm->vms[i] && !vmm->vms[i]->ended && slice_is(name, vmm->vms[i]->name))
            return vmm->vms[i];
    return NULL;
}

/* ---- commands about all ------------------------------------------------------------------- */

static const char *state_of(const struct vm *vm)
{
    if (vm->state == VM_CREATED)
        return "created";
    if (vm->state == VM_PAUSED)
        return "paused";
    if (vm == vm->vmm->sched.current)
        return "running";
    return vm_runnable(vm) ? "ready" : "waiting";
}

static void tell(const struct vm *vm)
{
    const struct alloc *a = &vm->vmm->alloc;
    struct line l = {.length = 0};

    line_str(&l, "name=");
    line_str(&l, vm->name);
    field(&l, "id", vm->id);
    line_str(&l, " state=");
    line_str(&l, state_of(vm));
    line_str(&l, " technique=");
    line_str(&l, vm->technique->name);
    field(&l, "ram", vm->ram_size >> 10);
    field(&l, "min", vm->ram_promised >> 10);
    field(&l, "used", kib(vm->map.pages));
    field(&l, "held", kib(a->held[vm->id]));
    field(&l, "shared", kib(a->shared[vm->id]));
    field(&l, "balloon", kib(vm->balloon.pages));
    field(&l, "target", kib(vm->balloon.target));
    field(&l, "weight", vm->share.weight);
    field(&l, "cap", vm->share.cap);
    field(&l, "cycles", a->cycles[vm->id]);
    answer(&l);
}

static word command_list(struct vmm *vmm, struct slice rest)
{
    (void)rest;
    for (unsigned i = 0; i < vmm->vm_slots; i++)
        if (vmm->vms[i] && !vmm->vms[i]->ended)
            tell(vmm->vms[i]);
    return OK;
}

static word command_stat(struct vmm *vmm, struct slice rest)
{
    const struct alloc *a = &vmm->alloc;
    struct line l = {.length = 0};

    (void)rest;
    line_str(&l, "monitor");
    field(&l, "vms", vmm->vm_count);
    field(&l, "cycles", arch_cycle());
    field(&l, "idle", vmm->sched.idle);
    field(&l, "own", a->cycles[OWNER_VMM] - vmm->sched.idle);
    field(&l, "ram", kib(a->count));
    field(&l, "free", kib(a->free_count));
    field(&l, "spare", kib(alloc_spare(a)));
    line_str(&l, " memory=");
    line_str(&l, memory_state_name(vmm->memory.state));
    word shared = 0;
    for (unsigned i = 1; i < OWNERS_MAX; i++)
        shared += a->shared[i];
    field(&l, "shared", kib(shared));
    field(&l, "saved", kib(shared - a->shared_frames));
    field(&l, "copied", vmm->sharing.copied);
    answer(&l);
    return OK;
}

/* ---- a VM's life -------------------------------------------------------------------------- */

/* Those that were made earlier give address space numbers up, so that the new one has its share. */
static void make_room(struct vmm *vmm)
{
    alloc_share_asids(&vmm->alloc, vmm->vm_count + 1);
    for (unsigned i = 0; i < vmm->vm_slots; i++) {
        struct vm *vm = vmm->vms[i];
        while (vm && vmm->alloc.asids[vm->id] > vmm->alloc.asid_limit &&
               shadow_give_up(&vm->shadow))
            ;
    }
}

static word command_create(struct vmm *vmm, struct slice rest)
{
    struct vm_description d;
    struct line why = {.length = 0};
    unsigned count;

    if (!cmdline_parse(rest.at, NULL, &d, 1, &count, &why)) {
        answer(&why);
        return REFUSED;
    }
    if (find_vm(vmm, d.name))
        return refuse(d.name, ": there is a VM of this name already");
    make_room(vmm);
    struct vm *vm = vm_create(vmm, &d, &why);
    if (!vm) {
        answer(&why);
        return REFUSED;
    }
    vm->state = VM_CREATED;
    return done(vm->name, " is made; start it");
}

static word command_start(struct vm *vm, struct slice rest)
{
    (void)rest;
    if (vm->state != VM_CREATED)
        return cannot(vm, " has been started already");
    vm->state = VM_STARTED;
    sched_woken(vm);
    return done(vm->name, " starts");
}

static word command_pause(struct vm *vm, struct slice rest)
{
    (void)rest;
    if (vm->state != VM_STARTED)
        return cannot(vm, " does not run");
    vm->state = VM_PAUSED;
    sched_timer_changed(vm->vmm);
    return done(vm->name, " is paused");
}

static word command_resume(struct vm *vm, struct slice rest)
{
    (void)rest;
    if (vm->state != VM_PAUSED)
        return cannot(vm, " is not paused");
    vm->state = VM_STARTED;
    vtimer_update(&vm->vcpu);
    sched_timer_changed(vm->vmm);
    sched_woken(vm);
    return done(vm->name, " goes on");
}

static word command_destroy(struct vm *vm, struct slice rest)
{
    (void)rest;
    vm_stop(vm, "it was destroyed from outside");
    done(vm->name, " is destroyed");
    vm_destroy(vm);
    return OK;
}

/* ---- what it gets ------------------------------------------------------------------------- */

/* The words of the command line check the value: `weight a 512` is weight=512. */
static word set(struct vm *vm, const char *key, struct slice value)
{
    struct vm_description d = {.weight = vm->share.weight, .cap = vm->share.cap};
    struct line why = {.length = 0};

    if (!cmdline_value(key, value, &d, &why)) {
        answer(&why);
        return REFUSED;
    }
    sched_set(vm, d.weight, d.cap);
    return done(vm->name, " has it");
}

static word command_weight(struct vm *vm, struct slice rest)
{
    return set(vm, "weight", rest);
}

static word command_cap(struct vm *vm, struct slice rest)
{
    if (slice_is(rest, "0")) {
        sched_set(vm, vm->share.weight, 0);
        return done(vm->name, " has no cap");
    }
    return set(vm, "cap", rest);
}

static word command_balloon(struct vm *vm, struct slice rest)
{
    word pages;

    if (!cmdline_number(rest, &pages))
        return refuse(rest,
                      ": give KiB of memory that the VM shall do without; 0: as memory is scarce");
    pages >>= PAGE_SHIFT - 10;
    if (pages > balloon_most(vm))
        return cannot(vm, " is promised more than that would leave it (min=)");
    memory_set_balloon(vm, pages);
    return done(vm->name, vm->balloon.driver ? " is asked" : " has no driver that asks, so far");
}

static word command_input(struct vm *vm, struct slice rest)
{
    if (!console_type(vm, rest))
        return cannot(vm, " has not read what was typed before, and there is no room");
    return OK;
}

static word command_focus(struct vm *vm, struct slice rest)
{
    (void)rest;
    console_focus(vm);
    return done(vm->name, " reads what is typed on the machine's console");
}

/* ---- the tables --------------------------------------------------------------------------- */

static word command_help(struct vmm *vmm, struct slice rest);

static const struct {
    const char *name, *arguments, *meaning;
    word (*run)(struct vmm *vmm, struct slice rest);
} about_all[] = {
    {"list", "", "what each VM is and has; sizes in KiB", command_list},
    {"stat", "", "what the monitor has: cycles, RAM in KiB", command_stat},
    {"create", "vm=NAME WORD=VALUE ...", "makes a VM, of the words of the command line",
     command_create},
    {"help", "", "this list", command_help},
};

static const struct {
    const char *name, *arguments, *meaning;
    word (*run)(struct vm *vm, struct slice rest);
} about_one[] = {
    {"start", "", "lets a VM run that was made by create", command_start},
    {"pause", "", "it does not run; its time goes on", command_pause},
    {"resume", "", "it runs again", command_resume},
    {"destroy", "", "ends it and frees what it held", command_destroy},
    {"weight", "N", "its share of the processor against the others'", command_weight},
    {"cap", "PERCENT", "the most it gets; 0: no cap", command_cap},
    {"balloon", "KIB", "memory it shall do without; 0: as memory is scarce", command_balloon},
    {"input", "TEXT", "types on its console", command_input},
    {"focus", "", "what is typed on the machine's console is for it", command_focus},
};

static void tell_command(const char *name, const char *who, const char *arguments,
                         const char *meaning)
{
    struct line l = {.length = 0};

    line_str(&l, name);
    line_str(&l, who);
    if (*arguments)
        line_char(&l, ' ');
    line_str(&l, arguments);
    line_str(&l, ": ");
    line_str(&l, meaning);
    answer(&l);
}

static word command_help(struct vmm *vmm, struct slice rest)
{
    (void)vmm, (void)rest;
    for (unsigned i = 0; i < COUNT_OF(about_all); i++)
        tell_command(about_all[i].name, "", about_all[i].arguments, about_all[i].meaning);
    for (unsigned i = 0; i < COUNT_OF(about_one); i++)
        tell_command(about_one[i].name, " VM", about_one[i].arguments, about_one[i].meaning);
    return OK;
}

static word carry_out(struct vmm *vmm, struct slice text)
{
    struct slice verb = next_word(&text);

    for (unsigned i = 0; i < COUNT_OF(about_all); i++)
        if (slice_is(verb, about_all[i].name))
            return about_all[i].run(vmm, text);
    for (unsigned i = 0; i < COUNT_OF(about_one); i++) {
        if (!slice_is(verb, about_one[i].name))
            continue;
        struct slice name = next_word(&text);
        struct vm *vm = find_vm(vmm, name);
        return vm ? about_one[i].run(vm, text)
                  : refuse(name, ": there is no VM of this name; see list");
    }
    return refuse(verb, ": there is no such command; see help");
}

/* ---- the mailbox -------------------------------------------------------------------------- */

void mgmt_init(struct vmm *vmm)
{
    vmm->mgmt = (struct mgmt){.pending = false};
    arch_mailbox_write(MAILBOX_IRQ, MAILBOX_IRQ_ENABLE);
}

void mgmt_interrupt(struct vmm *vmm)
{
    arch_mailbox_write(MAILBOX_IRQ, 0);
    vmm->mgmt.pending = true;
}

/* False when it does not fit. */
static bool read_command(char *text, struct slice *out)
{
    unsigned n = 0;
    char c;

    while ((c = (char)arch_mailbox_read(MAILBOX_DATA)) != '\0' && n < MGMT_COMMAND_SIZE - 1)
        text[n++] = c;
    text[n] = '\0';
    *out = (struct slice){text, n};
    return c == '\0';
}

void mgmt_serve(struct vmm *vmm)
{
    char text[MGMT_COMMAND_SIZE];
    struct slice command;
    word status;

    sched_pay(vmm, NULL);
    arch_hint_routine("mailbox");
    if (read_command(text, &command))
        status = carry_out(vmm, command);
    else
        status = refuse((struct slice){NULL, 0}, "the command is too long");
    arch_mailbox_write(MAILBOX_STATUS, status);
    vmm->mgmt.pending = arch_mailbox_read(MAILBOX_STATUS) & MAILBOX_STATUS_COMMAND;
    if (!vmm->mgmt.pending)
        arch_mailbox_write(MAILBOX_IRQ, MAILBOX_IRQ_ENABLE);
    sched_pay(vmm, vmm->sched.current);
}
