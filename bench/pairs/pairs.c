/*
 * Measures which instructions follow each other: pairs FILE.elf... > machine/pairs.profile
 *
 * Runs the workloads of bench/, and the teaching OS natively and under the monitor, and counts in
 * each how often one instruction runs right behind another in the same page. What is printed is
 * the mean share over all of them, so that none counts more because it runs longer:
 *
 *   FIRST SECOND SHARE      in millionths, the most frequent first; less than one is left out
 *
 * tools/gen-pairs.c makes the pairs that have handlers of their own from it. `make pairs` runs
 * this, when programs or compilers have changed much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "isa/insn.h"
#include "isa/paging.h"
#include "world/world.h"

#define STEPS    30000000u
#define GUESTS   "build/guest/"
#define MILLION  1e6
#define VMM_LINE "vm=os technique=full ram=8M kernel=os.elf modules=programs"
#define TYPED    "hello\nprimes 2000\nforktest\nls\n"

struct counts {
    uint64_t total;
    uint64_t of[INSN_COUNT][INSN_COUNT];
};

struct watch {
    struct counts counts;
    enum insn_id last;
    word next_pc; /* where the one behind the last would be */
};

struct pair {
    enum insn_id first, second;
    double share;
};

static void on_insn(void *user, const struct event *e)
{
    struct watch *w = user;
    enum insn_id id = insn_decode(e->insn).id;

    if (e->pc == w->next_pc && e->pc % PAGE_SIZE != 0) {
        w->counts.of[w->last][id]++;
        w->counts.total++;
    }
    w->last = id;
    w->next_pc = e->pc + 4;
}

static int run(struct watch *w, const struct host_program *program, struct error *err)
{
    struct machine_config config = machine_config_default();
    struct trace_subscriber s = {.mask = EVENT_BIT(EVENT_insn), .fn = on_insn, .user = w};
    struct world *world = NULL;
    struct host *h;

    *w = (struct watch){0};
    if (!world_new(&world, err) && !world_add(world, NULL, &config, &h, err) &&
        !host_load(h, program, err)) {
        trace_attach(machine_trace(host_machine(h)), &s);
        if (host_advance(h, STEPS) == ADVANCE_INPUT) {
            host_input(h, TYPED, strlen(TYPED));
            host_advance(h, STEPS);
        }
    }
    world_free(world);
    return err->code;
}

static int add(double (*shares)[INSN_COUNT], const struct host_program *program, struct error *err)
{
    struct watch *w = malloc(sizeof *w);

    if (!w)
        return error_set(err, ERROR_memory, "out of memory");
    if (run(w, program, err) == 0 && w->counts.total == 0)
        error_set(err, ERROR_check, "%s: nothing ran", program->image);
    for (unsigned i = 0; i < INSN_COUNT && err->code == 0; i++)
        for (unsigned j = 0; j < INSN_COUNT; j++)
            shares[i][j] += (double)w->counts.of[i][j] / (double)w->counts.total;
    free(w);
    return err->code;
}

static int by_share(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;

    return a->share != b->share   ? (a->share < b->share) - (a->share > b->share)
           : a->first != b->first ? (int)a->first - (int)b->first
                                  : (int)a->second - (int)b->second;
}

static void print(double (*shares)[INSN_COUNT], int programs)
{
    static struct pair all[INSN_COUNT * INSN_COUNT];
    unsigned count = 0;

    for (unsigned i = 0; i < INSN_COUNT; i++)
        for (unsigned j = 0; j < INSN_COUNT; j++)
            all[count++] = (struct pair){(enum insn_id)i, (enum insn_id)j, shares[i][j] / programs};
    qsort(all, count, sizeof all[0], by_share);
    printf("# Neighbours, in millionths of all; made by bench/pairs, read by tools/gen-pairs.c\n");
    for (unsigned i = 0; i < count && all[i].share * MILLION >= 1; i++)
        printf("%s %s %.0f\n", insn_info(all[i].first)->name, insn_info(all[i].second)->name,
               all[i].share * MILLION);
}

int main(int argc, char **argv)
{
    static double shares[INSN_COUNT][INSN_COUNT];
    const struct host_module under_os = {"programs", GUESTS "programs.pack"};
    const struct host_module under_vmm[] = {{"os.elf", GUESTS "os.elf"}, under_os};
    const struct host_program native = {
        .image = GUESTS "os.elf", .modules = &under_os, .module_count = 1};
    const struct host_program monitor = {
        .image = GUESTS "vmm.elf", .modules = under_vmm, .module_count = 2, .cmdline = VMM_LINE};
    struct error err = {0};
    int code = add(shares, &native, &err);

    if (code == 0)
        code = add(shares, &monitor, &err);
    for (int i = 1; i < argc && code == 0; i++)
        code = add(shares, &(struct host_program){.image = argv[i]}, &err);
    if (code) {
        fprintf(stderr, "pairs: %s\n", err.text);
        return error_exit_code((enum error_code)code);
    }
    print(shares, argc + 1);
    return 0;
}
