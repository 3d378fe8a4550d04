/*
 * Random unprivileged programs.
 *
 * A program is a row of segments. A segment is a row of units (one to three instructions that
 * belong together); branches go forward to the start of a later unit of their segment, and a
 * segment may be a loop that is run a few times. So every program ends.
 *
 * x31 points at the middle of the scratch buffer and x30 counts loops; nothing else writes them.
 * Loads and stores go through x31, or through an address made from it.
 */
#include "tests/reference/user.h"

#include "isa/insn.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

enum { BUFFER = 31, COUNTER = 30, ADDRESS = 29, MIDDLE = USER_SCRATCH / 2, SAVED = 1920 };
enum { SYS_write = 64, SYS_exit = 93 };

enum unit { ARITHMETIC, UPPER, MEMORY, POINTER, BRANCH, JUMP, CALL, FENCE, UNITS };
static const unsigned unit_sizes[UNITS] = {1, 1, 1, 3, 1, 1, 2, 1};

#define SEGMENT_MAX 24

static void emit(struct user_program *p, struct insn i)
{
    word bits = 0;

    if (insn_encode(&i, &bits) && p->count < USER_CODE / 4)
        p->words[p->count++] = bits;
}

static void load_constant(struct user_program *p, unsigned rd, word value)
{
    int32_t low = (int32_t)(value << 20) >> 20;

    emit(p, (struct insn){.id = INSN_lui, .rd = rd, .imm = (int32_t)(value - (word)low)});
    emit(p, (struct insn){.id = INSN_addi, .rd = rd, .rs1 = rd, .imm = low});
}

/* x0 too, but no register with a role. */
static unsigned destination(struct rng *g)
{
    return rng_below(g, ADDRESS);
}

static unsigned source(struct rng *g)
{
    return rng_below(g, 32);
}

static void arithmetic(struct user_program *p, struct rng *g)
{
    enum insn_id id = INSN_addi + rng_below(g, INSN_remu - INSN_addi + 1);
    enum insn_format format = insn_info(id)->format;
    struct insn i = {.id = id, .rd = destination(g), .rs1 = source(g)};

    if (format == FORMAT_R)
        i.rs2 = source(g);
    else
        i.imm =
            format == FORMAT_SHIFT ? (int32_t)rng_below(g, 32) : (int32_t)rng_below(g, 4096) - 2048;
    emit(p, i);
}

/* An access with `low` <= offset < `high` from the base, aligned to its width. */
static void memory(struct user_program *p, struct rng *g, unsigned base, int32_t low, int32_t high)
{
    static const unsigned widths[] = {1, 2, 4, 1, 2, 1, 2, 4}; /* lb lh lw lbu lhu sb sh sw */
    unsigned kind = rng_below(g, COUNT_OF(widths));
    bool store = INSN_lb + kind >= INSN_sb;
    int32_t offset = low + (int32_t)rng_below(g, (word)(high - low));

    offset &= ~(int32_t)(widths[kind] - 1);
    emit(p, (struct insn){.id = INSN_lb + kind,
                          .rd = store ? 0 : destination(g),
                          .rs1 = base,
                          .rs2 = store ? source(g) : 0,
                          .imm = offset < low ? low : offset});
}

/* An address in the upper half of the buffer, then an access up to 2 KiB below it. */
static void pointer(struct user_program *p, struct rng *g)
{
    emit(p, (struct insn){.id = INSN_andi, .rd = ADDRESS, .rs1 = source(g), .imm = 0x77c});
    emit(p, (struct insn){.id = INSN_add, .rd = ADDRESS, .rs1 = ADDRESS, .rs2 = BUFFER});
    memory(p, g, ADDRESS, -2048, 0);
}

static void branch(struct user_program *p, struct rng *g, int32_t offset)
{
    enum insn_id id = INSN_beq + rng_below(g, INSN_bgeu - INSN_beq + 1);

    emit(p, (struct insn){.id = id, .rs1 = source(g), .rs2 = source(g), .imm = offset});
}

static void upper(struct user_program *p, struct rng *g)
{
    emit(p, (struct insn){.id = rng_percent(g, 50) ? INSN_lui : INSN_auipc,
                          .rd = destination(g),
                          .imm = (int32_t)(rng_word(g) & 0xfffff000)});
}

static void unit(struct user_program *p, struct rng *g, enum unit kind, int32_t forward)
{
    switch (kind) {
    case UPPER:
        upper(p, g);
        break;
    case MEMORY:
        memory(p, g, BUFFER, -2048, SAVED);
        break;
    case POINTER:
        pointer(p, g);
        break;
    case BRANCH:
        branch(p, g, forward);
        break;
    case JUMP:
        emit(p, (struct insn){.id = INSN_jal, .rd = destination(g), .imm = forward});
        break;
    case CALL:
        emit(p, (struct insn){.id = INSN_auipc, .rd = ADDRESS});
        emit(p, (struct insn){.id = INSN_jalr,
                              .rd = destination(g),
                              .rs1 = ADDRESS,
                              .imm = forward | (int32_t)rng_below(g, 2)});
        break;
    case FENCE:
        emit(p, (struct insn){.id = rng_percent(g, 50) ? INSN_fence : INSN_fence_i});
        break;
    default:
        arithmetic(p, g);
    }
}

static enum unit random_unit(struct rng *g)
{
    static const enum unit mix[] = {ARITHMETIC, ARITHMETIC, ARITHMETIC, ARITHMETIC, ARITHMETIC,
                                    MEMORY,     MEMORY,     MEMORY,     POINTER,    UPPER,
                                    BRANCH,     BRANCH,     JUMP,       CALL,       FENCE};

    return mix[rng_below(g, COUNT_OF(mix))];
}

static void segment(struct user_program *p, struct rng *g)
{
    unsigned count = 4 + rng_below(g, SEGMENT_MAX - 4);
    unsigned starts[SEGMENT_MAX + 1] = {0};
    enum unit kinds[SEGMENT_MAX];
    bool loop = rng_percent(g, 40);

    for (unsigned n = 0; n < count; n++) {
        kinds[n] = random_unit(g);
        starts[n + 1] = starts[n] + unit_sizes[kinds[n]];
    }
    if (loop)
        emit(p,
             (struct insn){.id = INSN_addi, .rd = COUNTER, .imm = 1 + (int32_t)rng_below(g, 20)});
    for (unsigned n = 0; n < count; n++) {
        unsigned target = n + 1 + rng_below(g, count - n);

        unit(p, g, kinds[n], (int32_t)(starts[target] - starts[n]) * 4);
    }
    if (loop) {
        emit(p, (struct insn){.id = INSN_addi, .rd = COUNTER, .rs1 = COUNTER, .imm = -1});
        emit(p, (struct insn){
                    .id = INSN_bne, .rs1 = COUNTER, .imm = -(int32_t)(starts[count] + 1) * 4});
    }
}

static void system_call(struct user_program *p, word number)
{
    load_constant(p, 17, number);
    emit(p, (struct insn){.id = INSN_ecall});
}

void user_generate(struct user_program *p, struct rng *g, unsigned length)
{
    memset(p, 0, sizeof *p);
    for (unsigned n = 1; n < BUFFER; n++) {
        word bits = rng_word(g);

        load_constant(p, n, rng_percent(g, 30) ? bits & 0x8000000f : bits);
    }
    load_constant(p, BUFFER, USER_BASE + USER_CODE + MIDDLE);
    while (p->count < length)
        segment(p, g);
    for (unsigned n = 1; n < 32; n++)
        emit(p, (struct insn){
                    .id = INSN_sw, .rs1 = BUFFER, .rs2 = n, .imm = SAVED + 4 * (int32_t)(n - 1)});
    load_constant(p, 10, 1);
    load_constant(p, 11, USER_BASE + USER_CODE);
    load_constant(p, 12, USER_SCRATCH);
    system_call(p, SYS_write);
    load_constant(p, 10, 0);
    system_call(p, SYS_exit);
    for (unsigned n = USER_CODE / 4; n < USER_SIZE / 4; n++)
        p->words[n] = rng_word(g);
}

bool user_write_elf(const struct user_program *p, const char *path)
{
    struct {
        Elf32_Ehdr header;
        Elf32_Phdr segment;
    } head = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
                               EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_RISCV,
                   .e_version = EV_CURRENT,
                   .e_entry = USER_BASE,
                   .e_phoff = sizeof(Elf32_Ehdr),
                   .e_ehsize = sizeof(Elf32_Ehdr),
                   .e_phentsize = sizeof(Elf32_Phdr),
                   .e_phnum = 1},
        .segment = {.p_type = PT_LOAD,
                    .p_offset = 0x1000,
                    .p_vaddr = USER_BASE,
                    .p_paddr = USER_BASE,
                    .p_filesz = USER_SIZE,
                    .p_memsz = USER_SIZE,
                    .p_flags = PF_R | PF_W | PF_X,
                    .p_align = 0x1000},
    };
    FILE *f = fopen(path, "wb");

    if (!f)
        return false;
    bool ok = fwrite(&head, sizeof head, 1, f) == 1 && fseek(f, 0x1000, SEEK_SET) == 0 &&
              fwrite(p->words, USER_SIZE, 1, f) == 1;
    return fclose(f) == 0 && ok;
}
