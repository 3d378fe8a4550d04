/*
 * The disassembler: by table, and word by word against llvm-mc where that is installed.
 */
#include "isa/disasm.h"
#include "tests/isa/random.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PC 0x80000000u

static const struct {
    word bits;
    const char *text, *plain, *meaning;
} cases[] = {
    {0x00000013, "nop", "addi zero, zero, 0", "nothing: zero stays zero"},
    {0x00500513, "li a0, 5", "addi a0, zero, 5", "a0 = zero + 5"},
    {0x00008093, "mv ra, ra", "addi ra, ra, 0", "ra = ra + 0"},
    {0xfff54513, "not a0, a0", "xori a0, a0, -1", "a0 = a0 ^ -1"},
    {0x40b00533, "neg a0, a1", "sub a0, zero, a1", "a0 = zero - a1"},
    {0x0015b513, "seqz a0, a1", "sltiu a0, a1, 1", "a0 = a1 < 1, unsigned"},
    {0x00b03533, "snez a0, a1", "sltu a0, zero, a1", "a0 = zero < a1, unsigned"},
    {0x0005a533, "sltz a0, a1", "slt a0, a1, zero", "a0 = a1 < zero, signed"},
    {0x00b02533, "sgtz a0, a1", "slt a0, zero, a1", "a0 = zero < a1, signed"},
    {0xfe0502e3, "beqz a0, 0x7fffffe4", "beq a0, zero, 0x7fffffe4",
     "if (a0 == zero) pc += -28 (0x7fffffe4)"},
    {0x00a05463, "blez a0, here+0x8", "bge zero, a0, here+0x8",
     "if (zero >= a0, signed) pc += 8 (here+0x8)"},
    {0x0000006f, "j here", "jal zero, here", "pc += 0 (here)"},
    {0x008000ef, "jal here+0x8", "jal ra, here+0x8", "ra = pc + 4; pc += 8 (here+0x8)"},
    {0x00008067, "ret", "jalr zero, 0(ra)", "t = pc + 4; pc = (ra + 0) & ~1"},
    {0x00450067, "jr 4(a0)", "jalr zero, 4(a0)", "t = pc + 4; pc = (a0 + 4) & ~1"},
    {0x000500e7, "jalr a0", "jalr ra, 0(a0)", "t = pc + 4; pc = (a0 + 0) & ~1; ra = t"},
    {0x123457b7, "lui a5, 0x12345", "lui a5, 0x12345", "a5 = 0x12345 << 12"},
    {0xfec12503, "lw a0, -20(sp)", "lw a0, -20(sp)", "a0 = word at sp + -20"},
    {0x00a12623, "sw a0, 12(sp)", "sw a0, 12(sp)", "word at sp + 12 = a0"},
    {0x01f5d513, "srli a0, a1, 31", "srli a0, a1, 31", "a0 = a1 >> 31, zeros in"},
    {0x7c0027f3, "csrr a5, status", "csrrs a5, status, zero",
     "a5 = status [status: rings, interrupt enable and modes]"},
    {0x7c129073, "csrw tvec, t0", "csrrw zero, tvec, t0", "tvec = t0 [tvec: trap vector]"},
    {0x7c00e073, "csrsi status, 1", "csrrsi zero, status, 1",
     "status |= 1 [status: rings, interrupt enable and modes]"},
    {0x30529073, "csrw 0x305, t0", "csrrw zero, 0x305, t0", "0x305 = t0"},
    {0xc0002573, "rdcycle a0", "csrrs a0, cycle, zero", "a0 = cycle [cycle: cycles, low word]"},
    {0x0ff0000f, "fence", "fence iorw, iorw", "nothing: memory is in order"},
    {0x0310000f, "fence rw, w", "fence rw, w", "nothing: memory is in order"},
    {0x30200073, "tret", "tret", "ring = PRING; IE = PIE; TF = PTF; pc = epc"},
    {0x12000073, "sfence.vma", "sfence.vma zero, zero",
     "forget TLB entries of address zero and ASID zero (x0: all)"},
    {0x0000000b, "hcall", "hcall", "trap with cause 25: a request to the monitor"},
    {0x0005100b, "vmrun a0", "vmrun a0", "run the guest of the VMCB at a0 until it exits"},
    {0x0005a50b, "pin a0, a1", NULL, NULL},
    {0x00b5300b, "pout a0, a1", "pout a0, a1", "port a0 = a1"},
    {0x0005c50b, "probe a0, a1", "probe a0, a1",
     "a0 = bits 5:0 of the page-table leaf that maps a1"},
    {0x0005d50b, "cpuid a0, a1", "cpuid a0, a1", "a0 = identification leaf a1"},
    {0x00552013, "trace a0, 5", "trace a0, 5",
     "publish (5, a0) as an event; nothing else [enter: vmid of the VM that runs from the next "
     "tret or vmrun on]"},
    {0x00000000, ".word 0x00000000", ".word 0x00000000", "no instruction: cause 2"},
    {0x9330000f, ".word 0x9330000f", ".word 0x9330000f", "nothing: memory is in order"},
};

static const char *here(const void *context, word address, word *offset)
{
    const word *base = context;

    if (address < *base)
        return NULL;
    *offset = address - *base;
    return "here";
}

START_TEST(each_case_reads_as_a_person_would_write_it)
{
    char buffer[256];
    const word base = PC;
    struct disasm how = {.symbol = here, .context = &base};
    struct text t = text_init(buffer, sizeof buffer);

    disasm_insn(&t, cases[_i].bits, PC, &how);
    ck_assert_str_eq(buffer, cases[_i].text);
    if (!cases[_i].plain)
        return;
    how.plain = true;
    t = text_init(buffer, sizeof buffer);
    disasm_insn(&t, cases[_i].bits, PC, &how);
    ck_assert_str_eq(buffer, cases[_i].plain);
    t = text_init(buffer, sizeof buffer);
    disasm_meaning(&t, cases[_i].bits, PC, &how);
    ck_assert_str_eq(buffer, cases[_i].meaning);
}
END_TEST

START_TEST(mnemonics_are_padded_to_the_width_asked_for)
{
    char buffer[64];
    struct disasm how = {.width = 8};
    struct text t = text_init(buffer, sizeof buffer);

    disasm_insn(&t, 0x00500513, PC, &how);
    ck_assert_str_eq(buffer, "li      a0, 5");
}
END_TEST

/* ---- against llvm-mc ---- */

#define WORDS 4000

/* llvm-mc prints targets as distances; with pc 0 the address is one. */
static const char *distance(const void *context, word address, word *offset)
{
    char *buffer = (char *)(uintptr_t)context;

    sprintf(buffer, "%d", (int32_t)address);
    *offset = 0;
    return buffer;
}

static bool known_to_llvm(const struct insn *i)
{
    enum insn_class class = insn_info(i->id)->class;
    word again;

    if (i->id == INSN_ILLEGAL || !insn_encode(i, &again) || again != i->bits)
        return false;
    if (class == CLASS_CSR)
        return (i->csr >= 0xc00 && i->csr <= 0xc02) || (i->csr >= 0xc80 && i->csr <= 0xc82);
    if (i->id == INSN_fence)
        return i->imm <= 255 && (i->imm & 15) && i->imm >> 4;
    return class == CLASS_USER || i->id == INSN_wfi || i->id == INSN_sfence_vma;
}

/* A word that begins every row in turn, the rest random, some of it x0, ra and small numbers. */
static word some_word(uint32_t *seed, unsigned n)
{
    const struct insn_info *info = insn_info((enum insn_id)(1 + n % (INSN_COUNT - 1)));
    word r = random_next(seed);

    if (r & 0x100)
        r &= ~0x00000f80u; /* rd zero */
    if (r & 0x200)
        r &= ~0x000f8000u; /* rs1 zero */
    if (r & 0x400)
        r &= ~0xfff00000u; /* rs2 or the immediate zero */
    if (info->class == CLASS_CSR)
        r = (r & 0x000fffff) | (word)(0xc00 + (r >> 20) % 3 + (r >> 8 & 0x80)) << 20;
    return info->match | (r & ~info->mask);
}

/* Same words; blanks do not count, numbers by value. */
static bool same_text(const char *a, const char *b)
{
    for (;;) {
        char *end_a, *end_b;

        a += strspn(a, " \t\n");
        b += strspn(b, " \t\n");
        if (!*a || !*b)
            return !*a && !*b;
        bool number =
            (isdigit((unsigned char)*a) || *a == '-') && (isdigit((unsigned char)*b) || *b == '-');
        if (number) {
            if ((int32_t)strtoll(a, &end_a, 0) != (int32_t)strtoll(b, &end_b, 0))
                return false;
            a = end_a;
            b = end_b;
        } else if (*a++ != *b++) {
            return false;
        }
    }
}

START_TEST(base_instructions_read_as_llvm_mc_prints_them)
{
    static word words[WORDS];
    char path[] = "/tmp/trapeze-disasm-XXXXXX", command[256], line[256], ours[256], name[32];
    uint32_t seed = 42;
    unsigned count = 0, compared = 0;
    struct disasm how = {.symbol = distance, .context = name};

    if (system("command -v llvm-mc >/dev/null 2>&1") != 0) {
        puts("skipped: llvm-mc is not installed");
        return;
    }
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    FILE *f = fdopen(fd, "w");
    for (unsigned n = 0; count < WORDS; n++) {
        word w = some_word(&seed, n);
        struct insn i = insn_decode(w);

        if (!known_to_llvm(&i))
            continue;
        words[count++] = w;
        fprintf(f, "0x%02x 0x%02x 0x%02x 0x%02x\n", w & 255, w >> 8 & 255, w >> 16 & 255, w >> 24);
    }
    fclose(f);
    snprintf(command, sizeof command, "llvm-mc -disassemble -triple=riscv32 -mattr=+m %s 2>&1",
             path);
    f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    while (compared < count && fgets(line, sizeof line, f)) {
        struct text t = text_init(ours, sizeof ours);

        if (strstr(line, ".text"))
            continue;
        disasm_insn(&t, words[compared], 0, &how);
        ck_assert_msg(same_text(ours, line), "%08x: ours %s, llvm-mc %s", words[compared], ours,
                      line);
        compared++;
    }
    pclose(f);
    unlink(path);
    ck_assert_uint_eq(compared, WORDS);
}
END_TEST

Suite *suite_isa_disasm(void);
Suite *suite_isa_disasm(void)
{
    Suite *s = suite_create("isa_disasm");
    TCase *c = tcase_create("disasm");

    tcase_add_loop_test(c, each_case_reads_as_a_person_would_write_it, 0, COUNT_OF(cases));
    tcase_add_test(c, mnemonics_are_padded_to_the_width_asked_for);
    tcase_add_test(c, base_instructions_read_as_llvm_mc_prints_them);
    suite_add_tcase(s, c);
    return s;
}
