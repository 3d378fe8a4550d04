/*
 * Kernels that are hard to translate; the command line says which. Each prints what came of it,
 * which must be the same on a bare machine and under a monitor, whatever its technique.
 */
#include <stdbool.h>

#include "tests/vmm/guests/words.h"

int kernel_main(const struct boot_page *boot);

static void use_root(const word *root)
{
    csr_write(CSR_ptbr, ptbr_for(root, 1));
    sfence_vma();
}

/* ---- code that changes --------------------------------------------------------------------- */

/* A unit that changes itself: the store comes before what it changes, and behind. */
static void own_unit(const struct boot_page *boot)
{
    static const word code[] = {
        ADDI(A0, ZERO, 1), SW(A1, A2, 12),  ADDI(A0, A0, 2), ADDI(A0, A0, 4),
        SW(A3, A2, 0),     ADDI(A0, A0, 8), EBREAK};

    (void)boot;
    for (unsigned i = 0; i < COUNT(code); i++)
        pool[i] = code[i];
    for (unsigned round = 0; round < 5; round++) {
        clear_regs();
        regs_in[A1] = ADDI(A0, A0, 16 + round);
        regs_in[A2] = ADDRESS(pool);
        regs_in[A3] = ADDI(A0, ZERO, 256 * (int)round);
        go(IN_RING(round % 4), pool);
        put_run("own unit", A0, pool);
    }
}

/* Runs off the end of one page into the next, whose beginning it has changed just before. */
static void across_a_page(const struct boot_page *boot)
{
    word *end = pool + PAGE_WORDS - 2, *next = pool + PAGE_WORDS;

    (void)boot;
    end[0] = SW(A1, A2, 0);
    end[1] = ADDI(A0, A0, 1);
    next[0] = ADDI(A0, A0, 2);
    next[1] = EBREAK;
    for (unsigned round = 0; round < 6; round++) {
        clear_regs();
        regs_in[A1] = ADDI(A0, A0, 16 << round);
        regs_in[A2] = ADDRESS(next);
        go(IN_RING(round / 2), end);
        put_run("across a page", A0, end);
    }
}

/* The same page at two addresses: run at one, written at the other. */
static void alias(const struct boot_page *boot)
{
    word *root = new_root();

    (void)boot;
    map_page(root, VA, ADDRESS(pool) | LEAF_ALL);
    map_page(root, VA + 0x1000, ADDRESS(pool) | LEAF_ALL);
    use_root(root);
    pool[0] = SW(A1, A2, 8);
    pool[1] = ADDI(A0, A0, 1);
    pool[2] = ADDI(A0, A0, 2);
    pool[3] = EBREAK;
    for (unsigned round = 0; round < 6; round++) {
        const void *at = (const void *)(uintptr_t)(round % 2 ? VA + 0x1000 : VA);
        clear_regs();
        regs_in[A1] = ADDI(A0, A0, 16 << round);
        regs_in[A2] = round % 3 ? VA + 0x1000 : ADDRESS(pool);
        go(IN_RING(round == 5 ? 3 : 0), at);
        put_run("alias", A0, at);
    }
}

/* Two pieces jump to each other often enough to be tied together; then one changes. One way goes
 * by a register. */
static void chained(const struct boot_page *boot)
{
    word *a = pool, *b = pool + 2 * PAGE_WORDS + 37;

    (void)boot;
    a[0] = ADDI(A0, A0, 1);
    a[1] = JAL(ZERO, ADDRESS(b) - ADDRESS(a + 1));
    b[1] = ADDI(A5, A5, -1);
    b[2] = BRANCH(0, A5, ZERO, 8);
    b[3] = JAL(ZERO, ADDRESS(a) - ADDRESS(b + 3));
    b[4] = EBREAK;
    for (unsigned round = 0; round < 8; round++) {
        b[0] = ADDI(A0, A0, 32 << round % 4);
        for (unsigned n = 0; n < 3; n++) {
            a[1] = n % 2 ? JALR(ZERO, A4, 0) : JAL(ZERO, ADDRESS(b) - ADDRESS(a + 1));
            clear_regs();
            regs_in[A4] = ADDRESS(b);
            regs_in[A5] = 5;
            go(IN_RING(0), a);
            put_run("chained", A0, b);
        }
    }
}

/* Another page at the address, by the page table alone. */
static void other_page(const struct boot_page *boot)
{
    word *roots[2] = {new_root(), new_root()};

    (void)boot;
    for (unsigned i = 0; i < 2; i++) {
        word *page = pool + i * PAGE_WORDS;
        map_page(roots[i], VA, ADDRESS(page) | LEAF_ALL);
        page[0] = ADDI(A0, A0, 100 + (int)i);
        page[1] = EBREAK;
    }
    for (unsigned round = 0; round < 4; round++) {
        csr_write(CSR_ptbr, ptbr_for(roots[round % 2], round % 2));
        clear_regs();
        go(IN_RING(0), (void *)(uintptr_t)VA);
        put_run("other root", A0, (void *)(uintptr_t)VA);
    }
    map_page(roots[1], VA, ADDRESS(pool) | LEAF_ALL);
    __asm__ volatile("sfence.vma %0, zero" : : "r"(VA));
    clear_regs();
    go(IN_RING(0), (void *)(uintptr_t)VA);
    put_run("other page", A0, (void *)(uintptr_t)VA);
    map_page(roots[1], VA, (ADDRESS(pool) | LEAF_ALL) & ~PTE_X);
    sfence_vma();
    clear_regs();
    go(IN_RING(0), (void *)(uintptr_t)VA);
    put_run("no right", A0, (void *)(uintptr_t)VA);
}

/* A sector of the disk comes into memory that was executed. */
static void from_disk(const struct boot_page *boot)
{
    (void)boot;
    for (word sector = 0; sector < 4; sector++) {
        volatile uint16_t *to = (volatile uint16_t *)(pool + 16);
        pout(PORT_ata + 2, 1);
        pout(PORT_ata + 3, sector);
        pout(PORT_ata + 4, 0);
        pout(PORT_ata + 5, 0);
        pout(PORT_ata + 6, 0x40);
        pout(PORT_ata + 7, 0x20);
        while (pin(PORT_ata + 7) & 0x80)
            ;
        for (unsigned i = 0; i < 256; i++)
            to[i] = (uint16_t)pin(PORT_ata);
        pool[16 + 128] = EBREAK;
        clear_regs();
        go(IN_RING(0), pool + 16);
        add_all();
        put_run("from disk", A0, pool + 16);
    }
    put_digest("from disk");
}

/* ---- every form ---------------------------------------------------------------------------- */

static const uint8_t some_regs[] = {ZERO, RA, T0, 29, 30, 31};

/* Every form of a register instruction, with the registers that a translator may want itself. */
static void control_registers(const struct boot_page *boot)
{
    static const word numbers[] = {CSR_status, CSR_tscratch, CSR_epc,    CSR_cause,
                                   CSR_tval,   CSR_ip,       CSR_cntren, CSR_eptbr,
                                   CSR_tptbr,  0x7cf,        CSR_tvec,   CSR_ptbr};

    (void)boot;
    csr_write(CSR_ie, 0);
    for (unsigned n = 0; n < COUNT(numbers); n++) {
        word number = numbers[n];
        for (word f = 1; f < 8; f++) {
            for (unsigned d = 0; d < COUNT(some_regs); d++) {
                for (unsigned s = 0; s < COUNT(some_regs); s++) {
                    bool reads_only = f % 4 != 1 && some_regs[s] == ZERO;
                    if (f == 4 || (n >= COUNT(numbers) - 2 && !reads_only))
                        continue;
                    pool[0] = ADDI(T1, T1, 1);
                    pool[1] = CSR_OP(f, some_regs[d], number, some_regs[s]);
                    pool[2] = CSR_OP(2, A0, number, ZERO);
                    pool[3] = EBREAK;
                    random_regs();
                    for (unsigned i = 0; i < 32; i++)
                        regs_in[i] &= ~status_tps; /* or the handler is out of reach */
                    csr_write(CSR_tscratch, random_word());
                    csr_write(CSR_ip, 0);
                    go(IN_RING(0) | (random_word() & status_uf), pool);
                    add_all();
                }
            }
        }
        put_hex(number);
        put_digest("");
    }
}

/* Jumps with every pair of registers, near and far, to where no instruction can be, too. */
static void jumps(const struct boot_page *boot)
{
    (void)boot;
    for (unsigned d = 0; d < COUNT(some_regs); d++) {
        for (unsigned s = 0; s < COUNT(some_regs); s++) {
            for (unsigned kind = 0; kind < 12; kind++) {
                word offset = kind < 4 ? 0 : kind * 4 - 24;
                word *from = pool + random_word() % 64 * 8,
                     *to = pool + PAGE_WORDS * (1 + kind % 3);
                for (unsigned i = 0; i < 8; i++)
                    from[i] = to[i] = EBREAK;
                from[0] = ADDI(T1, T1, 1);
                from[1] = JALR(some_regs[d], some_regs[s], offset);
                to[0] = ADDI(T1, T1, 2);
                for (unsigned again = 0; again < 3; again++) {
                    random_regs();
                    regs_in[some_regs[s]] = ADDRESS(to) - offset + (kind == 9 ? 2 : kind == 10);
                    go(IN_RING(0), from);
                    add_all();
                }
            }
        }
    }
    put_digest("jalr");
    for (word i = 1; i < 64; i++) { /* jal and branches by any small distance, odd ones too */
        static const uint8_t conditions[] = {0, 1, 4, 5, 6, 7};
        word distance = i * 2;
        for (unsigned n = 0; n < 80; n++)
            pool[n] = n % 2 ? EBREAK : ECALL;
        for (unsigned k = 0; k < COUNT(conditions) + 2; k++) {
            pool[2] = k < COUNT(conditions) ? BRANCH(conditions[k], A0, A1, distance)
                                            : JAL(k % 2 ? RA : ZERO, distance);
            random_regs();
            if (i % 3 == 0)
                regs_in[A1] = regs_in[A0];
            go(IN_RING(0), pool + 2);
            add_all();
        }
    }
    put_digest("jal, branches");
}

/* What is copied, replaced and called out for. T0 and T1 stay addresses. */
static word random_insn(void)
{
    static const uint8_t targets[] = {RA, T2, S0, S1, A0, A1, A2, A3, A4, 29, 30, 31};
    static const word numbers[] = {CSR_tscratch, CSR_epc, CSR_status, CSR_cause, CSR_tval};
    static const word traps[] = {ECALL, EBREAK, 0, 0x0000000b, 0x0000100b, 0x4003};
    word r = random_word();
    unsigned d = targets[random_word() % COUNT(targets)],
             t = targets[random_word() % COUNT(targets)];
    unsigned base = r & 1 ? T0 : T1, offset = (r >> 20 & 31) * 4;

    switch (r >> 8 & 15) {
    case 0:
    case 1:
        return LW(d, base, offset);
    case 2:
    case 3:
        return SW(t, base, offset);
    case 4:
        return (r & 0x20 ? 0x1003 : 0x1023 | 1u << 7) | base << 15 | (r & 0x20 ? d << 7 : 0);
    case 5:
        return (r & 0x20 ? 0x17 : 0x37) | d << 7 | (r & 0xfffff000);
    case 6:
    case 7:
        return CSRR(d, numbers[(r >> 16) % COUNT(numbers)]);
    case 8:
        return CSR_OP(1, r & 0x20 ? d : ZERO, CSR_tscratch, t);
    case 9:
        return r & 0x70 ? NOP : traps[(r >> 16) % COUNT(traps)];
    default:
        return 0x33 | d << 7 | (r & 0x7000) | t << 15 | targets[(r >> 16) % COUNT(targets)] << 20;
    }
}

/* Random straight code, single-stepped or not, in which loads and stores fault here and there:
 * what the guest finds is the state before that instruction. */
static void faults(const struct boot_page *boot)
{
    (void)boot;
    for (unsigned round = 0; round < 3000; round++) {
        for (unsigned i = 0; i < 16; i++)
            pool[i] = random_insn();
        pool[16] = EBREAK;
        random_regs();
        regs_in[T0] = ADDRESS(pool + 2 * PAGE_WORDS) + (random_word() % 8 ? 64 : 66);
        regs_in[T1] = random_word() % 4 ? ADDRESS(pool + 3 * PAGE_WORDS) : 0x40000000;
        go(IN_RING(0) | (random_word() % 4 ? 0 : status_ptf), pool);
        add_all();
    }
    put_digest("faults");
}

/* ---- places -------------------------------------------------------------------------------- */

/* Addresses that a monitor may have taken for itself: all at the top, one after another. */
static void high_addresses(const struct boot_page *boot)
{
    word *root = new_root(), sum = 0;

    (void)boot;
    pool[0] = LW(A0, A1, 0);
    pool[1] = ADDI(A0, A0, 1);
    pool[2] = SW(A0, A1, 0);
    pool[3] = EBREAK;
    use_root(root);
    for (unsigned i = 0; i < 64; i++) {
        word at = 0xfff00000 - i % 8 * 0x3e0000 + i / 8 * 0x1000;
        word *page = pool + (8 + i) * PAGE_WORDS;
        page[0] = i;
        clear_regs();
        regs_in[A1] = at;
        go(IN_RING(0), pool); /* a page fault: nothing is there yet */
        add_all();
        map_page(root, at, ADDRESS(page) | LEAF_ALL);
        for (unsigned n = 0; n < 3; n++) {
            go(IN_RING(n == 1 ? 3 : 0), pool);
            add_all();
        }
        sum = sum * 31 + page[0];
    }
    put_hex(sum);
    put_digest(" high addresses");
    map_page(root, 0xfffff000, ADDRESS(pool + 4 * PAGE_WORDS) | LEAF_ALL); /* without a fence */
    pool[4 * PAGE_WORDS + 1023] = 77;
    for (unsigned n = 0; n < 8; n++) {
        clear_regs();
        regs_in[A1] = 0xfffffffc;
        go(IN_RING(n % 4), pool);
        put_run("top", A0, pool);
    }
    pool[0] = LW(A0, ZERO, -4 & 0xfff);
    go(IN_RING(0), pool);
    put_run("from x0", A0, pool);
}

/* More code than any cache of translations holds, twice over. */
static void much_code(const struct boot_page *boot)
{
    (void)boot;
    for (unsigned i = 0; i < POOL_PAGES * PAGE_WORDS; i += 8) {
        for (unsigned n = 0; n < 6; n++)
            pool[i + n] = ADDI(A0 + n % 2, A0 + (n + 1) % 2, (i + n) % 1000);
        pool[i + 6] = JAL(ZERO, 8);
        pool[i + 7] = EBREAK;
    }
    pool[POOL_PAGES * PAGE_WORDS - 2] = EBREAK;
    for (unsigned round = 0; round < 2; round++) {
        clear_regs();
        go(IN_RING(0), pool);
        add_all();
        put_run("much code", A0, pool);
    }
    put_digest("much code");
}

/* ---- programs' holes ----------------------------------------------------------------------- */

/* A page of a program with holes that it reads, and that change while it runs. */
static void holes(const struct boot_page *boot)
{
    static const word code[] = {CSRR(A0, CSR_status),
                                LW(A1, A2, 0),
                                CSRR(A3, CSR_tvec),
                                SW(A4, A2, 28),
                                CSR_OP(1, A5, CSR_status, A4),
                                LW(T0, A2, 28),
                                CSRR(T1, CSR_ptbr),
                                NOP,
                                PROBE(S0, A2),
                                CPUID(S1, ZERO),
                                EBREAK};

    (void)boot;
    for (unsigned ring = 1; ring < 4; ring++) {
        for (unsigned i = 0; i < COUNT(code); i++)
            pool[i] = code[i];
        for (unsigned round = 0; round < 3; round++) {
            clear_regs();
            regs_in[A2] = ADDRESS(pool);
            regs_in[A4] = round == 1 ? CSRR(T2, CSR_status) : ADDI(T2, ZERO, 5);
            go(IN_RING(ring) | (5u + round) << 12 | status_iopl, pool);
            add_all();
            for (unsigned i = T0; i <= A5; i++)
                put_hex(regs_out[i]);
            put_run("", T2, pool);
        }
    }
    put_digest("holes");
    for (unsigned ring = 1; ring < 4; ring++) { /* a page that has none until it writes one */
        word *page = pool + ring * PAGE_WORDS;
        page[0] = SW(A4, A2, 8);
        page[1] = page[2] = NOP;
        page[3] = EBREAK;
        for (unsigned round = 0; round < 3; round++) {
            clear_regs();
            regs_in[A2] = ADDRESS(page);
            regs_in[A4] = round == 1 ? CSRR(T2, CSR_status) : NOP;
            go(IN_RING(ring), page);
            put_run("none yet", T2, page);
        }
    }
}

/* ---- interrupts ---------------------------------------------------------------------------- */

/* While the timer rings again and again, loops must not lose a beat, nor hold it off for long. */
static void interrupted_loops(const struct boot_page *boot)
{
    static const word loops[][10] = {
        {ADDI(A0, A0, 1), BRANCH(1, A1, ZERO, -4), EBREAK},
        {CSR_OP(1, SP, CSR_tscratch, SP), CSR_OP(1, SP, CSR_tscratch, SP), CSRR(T1, CSR_status),
         CSR_OP(1, ZERO, CSR_status, T1), CSR_OP(7, T2, CSR_status, 1),
         CSR_OP(2, ZERO, CSR_status, T2), ADDI(A0, A0, 1), BRANCH(1, A1, ZERO, -28), EBREAK},
        {ADDI(A0, A0, 1), JALR(31, A2, 8), ADDI(30, 30, 3), JALR(ZERO, A2, 16), JALR(RA, A2, 0),
         EBREAK},
    };

    (void)boot;
    for (unsigned i = 0; i < COUNT(loops); i++) {
        bool late = false, wrong = false;
        for (unsigned n = 0; n < COUNT(loops[i]); n++)
            pool[n] = loops[i][n];
        for (unsigned round = 0; round < 200; round++) {
            random_regs();
            regs_in[A0] = 0;
            regs_in[A1] = 1;
            regs_in[A2] = ADDRESS(pool);
            csr_write(CSR_tscratch, 0x1234);
            word start = csr_read(CSR_time), wait = 30000 + random_word() % 4000;
            csr_write(CSR_timecmph, 0);
            csr_write(CSR_timecmp, start + wait);
            csr_write(CSR_ie, ie_timer);
            go(IN_RING(0) | status_pie, pool);
            late |= round > 8 && csr_read(CSR_time) - start > wait + 30000;
            csr_write(CSR_ie, 0);
            wrong |= csr_read(CSR_cause) != (0x80000000u | 7) ||
                     csr_read(CSR_epc) - ADDRESS(pool) > 36 || !(csr_read(CSR_status) & status_pie);
            for (unsigned r = 3; r < 29; r++)
                wrong |= r != A0 && r != T1 && r != T2 && regs_out[r] != regs_in[r];
            wrong |= i != 2 && (regs_out[30] != regs_in[30] || regs_out[31] != regs_in[31]);
            wrong |= i == 2 && (regs_out[30] - regs_in[30]) % 3 != 0;
            bool swapped = i == 1 && csr_read(CSR_epc) == ADDRESS(pool + 1);
            wrong |= regs_out[SP] != (swapped ? 0x1234 : regs_in[SP]) ||
                     csr_read(CSR_tscratch) != (swapped ? regs_in[SP] : 0x1234);
        }
        put_text(wrong ? "wrong" : "right");
        put_text(late ? " late\n" : " in time\n");
    }
}

int kernel_main(const struct boot_page *boot)
{
    static const struct kernel_case cases[] = {
        {"own_unit", own_unit},
        {"across_a_page", across_a_page},
        {"alias", alias},
        {"chained", chained},
        {"other_page", other_page},
        {"from_disk", from_disk},
        {"control_registers", control_registers},
        {"jumps", jumps},
        {"faults", faults},
        {"high_addresses", high_addresses},
        {"much_code", much_code},
        {"holes", holes},
        {"interrupted_loops", interrupted_loops},
    };

    csr_write(CSR_timecmph, 0xffffffff);
    csr_write(CSR_ie, 0);
    return run_case(cases, sizeof cases / sizeof cases[0], boot);
}
